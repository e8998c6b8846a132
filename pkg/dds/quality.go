package dds

import (
	"errors"
	"fmt"
)

// Quality is how thoroughly the encoder searches for the best blocks. The zero value is Good.
type Quality uint8

// The qualities, by purpose.
const (
	Good Quality = iota // the default: better than common encoders, as fast as the fastest
	Fast                // for textures that are shown once
	Best                // near the optimum, for publishers; many times slower
)

// ErrQuality means that a word is not a quality.
var ErrQuality = errors.New("unknown quality")

// String returns "fast", "good" or "best".
func (q Quality) String() string {
	switch q {
	case Fast:
		return "fast"
	case Best:
		return "best"
	default:
		return "good"
	}
}

// ParseQuality is the inverse of String.
func ParseQuality(s string) (Quality, error) {
	for _, q := range []Quality{Fast, Good, Best} {
		if s == q.String() {
			return q, nil
		}
	}
	return 0, fmt.Errorf("%w %q (want fast, good or best)", ErrQuality, s)
}

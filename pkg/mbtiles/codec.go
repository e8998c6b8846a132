package mbtiles

import (
	"fmt"
	"strings"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/contents"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// Compression is how hard an Encoder tries. At every level, a segment is stored in the smallest of
// the forms tried, except for the segments that Fast leaves raw.
type Compression uint8

// The compressions. The zero value stores everything raw.
const (
	None Compression = iota
	Fast
	Best
)

// String returns what ParseCompression reads.
func (c Compression) String() string {
	switch c {
	case None:
		return "none"
	case Fast:
		return "fast"
	case Best:
		return "best"
	}
	return fmt.Sprintf("Compression(%d)", uint8(c))
}

// ParseCompression reads "none", "fast" or "best", in any case.
func ParseCompression(s string) (Compression, error) {
	for _, c := range [...]Compression{None, Fast, Best} {
		if strings.EqualFold(s, c.String()) {
			return c, nil
		}
	}
	return None, fmt.Errorf("unknown compression %q (want none, fast or best)", s)
}

// Content is a DDS file as stored in an archive: cut, compressed, hashed, with its preview. It is
// immutable.
type Content struct{ stored *contents.Stored }

// Bytes returns the memory that c holds.
func (c *Content) Bytes() int64 { return c.stored.Bytes + int64(len(c.stored.Preview)) }

// Layout returns the layout of the file.
func (c *Content) Layout() dds.Layout { return c.stored.Layout }

// SHA256 returns the hash of the whole file.
func (c *Content) SHA256() [32]byte { return c.stored.SHA }

// Encoder makes Contents. It must be used by one goroutine at a time.
type Encoder struct {
	encoder contents.Encoder
	err     error
}

// NewEncoder returns an encoder at compression c.
func NewEncoder(c Compression) *Encoder {
	if c == None {
		return &Encoder{}
	}
	p, err := segment.NewPacker(c == Best)
	return &Encoder{encoder: contents.Encoder{Packer: p, AtHand: c == Fast}, err: err}
}

// Encode makes a Content of a whole DDS file with a header of pkg/dds. It does not keep file.
func (e *Encoder) Encode(file []byte) (*Content, error) {
	s, err := e.encode(file)
	if err != nil {
		return nil, fmt.Errorf("encode texture: %w", err)
	}
	return &Content{s}, nil
}

func (e *Encoder) encode(file []byte) (*contents.Stored, error) {
	if e.err != nil {
		return nil, e.err
	}
	return e.encoder.Encode(file)
}

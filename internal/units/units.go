// Package units formats quantities for people, and parses those that people write.
package units

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// unit is a unit by its suffix.
type unit struct {
	suffix string
	size   float64
}

// parse reads a number and its unit. Of two suffixes that end alike, the longer one must come first
// in the list.
func parse(s string, list []unit) (v float64, ok bool) {
	text := strings.ToLower(strings.TrimSpace(s))
	for _, u := range list {
		if number, ok := strings.CutSuffix(text, u.suffix); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			return v * u.size, err == nil && v >= 0 && !math.IsInf(v*u.size, 0)
		}
	}
	return 0, false
}

// lengthUnits are in metres.
var lengthUnits = []unit{{"nm", 1852}, {"km", 1000}, {"ft", 0.3048}, {"m", 1}}

// ParseLength reads "20nm", "37.5km", "500m" or "10000ft" and returns metres.
func ParseLength(s string) (float64, error) {
	if v, ok := parse(s, lengthUnits); ok {
		return v, nil
	}
	return 0, fmt.Errorf("%q is not a length: give a number and a unit (nm, km, m or ft), such "+
		"as 20nm", s)
}

// Bytes formats a number of bytes for people, in powers of ten.
func Bytes(n int64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, u := float64(n)/1000, 0
	for v >= 999.5 && u < len(units)-1 {
		v, u = v/1000, u+1
	}
	if v < 9.95 {
		return fmt.Sprintf("%.1f %cB", v, units[u])
	}
	return fmt.Sprintf("%.0f %cB", v, units[u])
}

// Count formats n with thousands separators: 3,419,648.
func Count[T int | int64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Duration formats d for people: "45 s", "12 min", "3 h 20 min".
func Duration(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 90*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 100*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	default:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
}

// Holes describes what an archive lacks: a hole is a texture with chunks that failed.
func Holes(textures int, chunks int64) string {
	if textures == 0 {
		return "none"
	}
	return Plural(textures, "texture") + " with " + Plural(chunks, "failed chunk")
}

// Plural formats a count and its noun.
func Plural[T int | int64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

// byteUnits are decimal and binary.
var byteUnits = []unit{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1},
}

// ParseBytes reads "20GB", "500 MB" or "1.5GiB".
func ParseBytes(s string) (int64, error) {
	if v, ok := parse(s, byteUnits); ok && v >= 1 && v < math.MaxInt64 {
		return int64(v), nil
	}
	return 0, fmt.Errorf("%q is not a size: give a number and a unit, such as 20GB or 500MB", s)
}

// Seconds formats a short time for people.
func Seconds(s float64) string {
	switch {
	case s < 1e-3:
		return fmt.Sprintf("%.0f µs", s*1e6)
	case s < 1:
		return fmt.Sprintf("%.1f ms", s*1e3)
	}
	return fmt.Sprintf("%.1f s", s)
}

// Few lists the first of many names.
func Few(names []string) string {
	const few = 5
	if len(names) <= few {
		return strings.Join(names, " ")
	}
	return strings.Join(names[:few], " ") + " …"
}

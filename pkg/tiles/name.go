package tiles

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ZL is a chunk zoom level: at ZL z the world is 2^z chunks wide.
type ZL uint8

// The zoom levels that a texture may have. Below 4 no row is a multiple of 16 chunks, above 22 no
// provider has imagery.
const (
	MinZL ZL = 4
	MaxZL ZL = 22
)

// TextureChunks is how many chunks a texture at full detail has along each side.
const TextureChunks = 16

// ErrName is wrapped by every error of ParseName.
var ErrName = errors.New("not a ground texture name")

// Texture names one ground texture: the slippy row (y) and column (x), at ZL, of its north-west
// chunk, both multiples of 16, and the maptype, the scenery's name for its imagery ("BI", "GO2",
// "Arc@").
type Texture struct {
	Row, Col uint32
	ZL       ZL
	Maptype  string
}

// Key identifies a texture, whatever the case of its maptype. Keys are comparable.
type Key struct {
	ZL       ZL
	Row, Col uint32
	Maptype  string // lower case
}

// ParseName reads a texture's name, "23952_33712_BI16" or "23952-33712-BI16.dds", in any case. ZL
// is always the last two digits, and the maptype is what stands between the second separator and
// ZL. Water masks ("23952_33712_ZL16") are not textures.
//
// The error wraps ErrName and says what is wrong.
func ParseName(s string) (Texture, error) {
	fail := func(why string) (Texture, error) {
		return Texture{}, fmt.Errorf("%q: %w: %s", s, ErrName, why)
	}

	base := s
	if len(s) > 4 && strings.EqualFold(s[len(s)-4:], ".dds") {
		base = s[:len(s)-4]
	}
	row, rest, ok := number(base)
	if !ok {
		return fail("it does not start with a row")
	}
	col, rest, ok := number(rest)
	if !ok {
		return fail("no column follows the row")
	}
	if len(rest) < 3 {
		return fail("no maptype and zoom level follow the column")
	}
	maptype, digits := rest[:len(rest)-2], rest[len(rest)-2:]
	zoom, err := strconv.ParseUint(digits, 10, 8)
	if err != nil {
		return fail("it does not end in a zoom level of two digits")
	}
	t := Texture{Row: row, Col: col, ZL: ZL(zoom), Maptype: maptype}
	if err := t.Valid(); err != nil {
		return fail(err.Error())
	}
	return t, nil
}

// number reads digits up to a separator and returns the value and the text after the separator.
func number(s string) (value uint32, rest string, ok bool) {
	end := strings.IndexAny(s, "_-")
	if end <= 0 || s[0] == '+' {
		return 0, "", false
	}
	n, err := strconv.ParseUint(s[:end], 10, 32)
	return uint32(n), s[end+1:], err == nil
}

// Valid returns nil, or why t cannot be a texture: a zoom level out of range, a row or column
// misaligned or outside the grid, a maptype that is empty, a mask's, or not fit for a file name.
func (t Texture) Valid() error {
	if t.ZL < MinZL || t.ZL > MaxZL {
		return fmt.Errorf("zoom level %d is not in %d to %d", t.ZL, MinZL, MaxZL)
	}
	if t.Row%TextureChunks != 0 || t.Col%TextureChunks != 0 {
		return fmt.Errorf("row %d and column %d are not both multiples of %d", t.Row, t.Col,
			TextureChunks)
	}
	if side := uint32(1) << t.ZL; t.Row >= side || t.Col >= side {
		return fmt.Errorf("row %d or column %d is outside the grid of zoom level %d (%d chunks a "+
			"side)", t.Row, t.Col, t.ZL, side)
	}
	return ValidMaptype(t.Maptype)
}

// ValidMaptype returns nil, or why s cannot be a maptype.
func ValidMaptype(s string) error {
	switch {
	case s == "" || len(s) > 128:
		return errors.New("a maptype has 1 to 128 bytes")
	case strings.EqualFold(s, "ZL"):
		return errors.New("maptype ZL is reserved for water masks")
	case strings.ContainsFunc(s,
		func(r rune) bool { return r <= ' ' || r == 0x7f || r == 0xfffd || r == '/' || r == '\\' }):
		return fmt.Errorf("maptype %q holds a blank or a character that it cannot have", s)
	}
	return nil
}

// Name returns the canonical name, without an extension: "23952_33712_BI16".
func (t Texture) Name() string {
	b := make([]byte, 0, 32)
	b = strconv.AppendUint(b, uint64(t.Row), 10)
	b = append(b, '_')
	b = strconv.AppendUint(b, uint64(t.Col), 10)
	b = append(b, '_')
	b = append(b, t.Maptype...)
	return string(append(b, '0'+byte(t.ZL/10), '0'+byte(t.ZL%10)))
}

// File returns the canonical file name, "23952_33712_BI16.dds".
func (t Texture) File() string { return t.Name() + ".dds" }

// String returns Name.
func (t Texture) String() string { return t.Name() }

// Key returns the texture's key.
func (t Texture) Key() Key {
	return Key{ZL: t.ZL, Row: t.Row, Col: t.Col, Maptype: strings.ToLower(t.Maptype)}
}

// Compare orders textures by zoom level, row, column and maptype (bytewise).
func (t Texture) Compare(u Texture) int {
	return cmp.Or(cmp.Compare(t.ZL, u.ZL), cmp.Compare(t.Row, u.Row), cmp.Compare(t.Col, u.Col),
		cmp.Compare(t.Maptype, u.Maptype))
}

package catalogue

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// plain refuses control characters, which could write anything on a terminal, in any text of JSON.
func plain(text []byte) error {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return fmt.Errorf("%w: %w", ErrNotCatalogue, err)
	}
	return plainValue(value)
}

func plainValue(value any) error {
	switch v := value.(type) {
	case string:
		if strings.ContainsFunc(v, func(r rune) bool {
			return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf))
		}) {
			return fmt.Errorf("%w: control characters in %.60q", ErrHostile, v)
		}
	case []any:
		for _, one := range v {
			if err := plainValue(one); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, one := range v {
			if err := plainValue(one); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c Catalogue) check() error {
	seen := map[string]bool{}
	for _, a := range c.Archives {
		if err := a.check(); err != nil {
			return err
		}
		lower := strings.ToLower(a.File)
		if seen[lower] {
			return fmt.Errorf("%w: it names %s twice", ErrHostile, a.File)
		}
		seen[lower] = true
	}
	return nil
}

func (a Archive) check() error {
	if err := CheckName(a.File); err != nil {
		return err
	}
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s: %s", ErrNotCatalogue, a.File, fmt.Sprintf(format, args...))
	}
	if a.Format < 1 {
		return bad("the format must be positive")
	}
	for _, text := range [...]string{a.Digest, a.Root} {
		if sum, err := hex.DecodeString(text); err != nil || len(sum) != 32 &&
			(text != "" || text == a.Digest || a.Format > 1) {
			return bad("digest or root %.80q: want 64 hexadecimal digits", text)
		}
	}
	if a.Bytes <= 0 || a.Textures <= 0 || a.Holes < 0 {
		return bad("bytes and textures must be positive")
	}
	if err := a.checkArea(); err != nil {
		return bad("%v", err)
	}
	if len(a.Signatures) > mostSignatures {
		return bad("at most %d signatures are read", mostSignatures)
	}
	for _, address := range a.Mirrors {
		if err := checkMirror(address, a.File); err != nil {
			return bad("%v", err)
		}
	}
	return nil
}

// CheckName refuses what is not the name of an archive beside its catalogue.
func CheckName(name string) error {
	why := ""
	switch {
	case strings.Contains(name, "://"), strings.HasPrefix(name, "//"):
		why = "it is on another host: only files beside the catalogue are read"
	case strings.ContainsAny(name, `/\`):
		why = "it is outside the catalogue's folder"
	case !strings.HasSuffix(strings.ToLower(name), ".mbtiles"):
		why = "an archive's name ends in .mbtiles"
	case strings.HasPrefix(name, "."), strings.HasPrefix(name, "-"), strings.Contains(name, ":"),
		!utf8.ValidString(name), len(name) > 255, strings.TrimSpace(name) != name,
		strings.ContainsFunc(name, unicode.IsControl):
		why = "it is not a plain file name"
	}
	if why != "" {
		return fmt.Errorf("%w: the file %.80q: %s", ErrHostile, name, why)
	}
	return nil
}

func checkMirror(address, file string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil ||
		u.RawQuery != "" || u.Fragment != "" || path.Base(u.Path) != file {
		return fmt.Errorf("mirror %.80q: want an address such as https://example.com/folder/%s, "+
			"without user name and query", address, file)
	}
	return nil
}

// mostSignatures bounds what has to be judged.
const mostSignatures = 16

// maxBoxes is how many rectangles an area may have.
const maxBoxes = 20_000

func (a Archive) checkArea() error {
	area := a.Area.Coordinates
	if a.Area.Type != "MultiPolygon" || len(area) == 0 || len(area) > maxBoxes {
		return fmt.Errorf("area: want a MultiPolygon of 1 to %d rectangles", maxBoxes)
	}
	for _, p := range area {
		b := p.Bound()
		if len(p) != 1 || len(p[0]) != 5 || !p[0].Equal(b.ToRing()) || b.Left() >= b.Right() ||
			b.Bottom() >= b.Top() || b.Left() < -180 || b.Right() > 180 || b.Bottom() < -90 ||
			b.Top() > 90 {
			return errors.New("area: want rectangles of degrees within -180 to 180 and -90 to 90, " +
				"each from its south-west corner counter-clockwise")
		}
	}
	return nil
}

// Boxes returns the rectangles of the area.
func (a Archive) Boxes() []tiles.Box {
	var boxes []tiles.Box
	for _, p := range a.Area.Coordinates {
		b := p.Bound()
		boxes = append(boxes,
			tiles.Box{West: b.Left(), South: b.Bottom(), East: b.Right(), North: b.Top()})
	}
	return boxes
}

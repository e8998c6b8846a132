package scenery

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// terrain holds the lines of a .ter file that matter here.
type terrain struct {
	baseTex   string // as written after BASE_TEX or BASE_TEX_NOWRAP; empty when there is none
	colorMask bool   // it has a WATER_COLOR_MASK line
}

// errNotTerrain means that a file is not a terrain definition.
var errNotTerrain = errors.New("not a terrain file: it has neither a TERRAIN line nor BASE_TEX")

// textureError is the reason why a terrain file's texture cannot be used.
type textureError struct {
	kind Kind
	what string
}

func (e *textureError) Error() string { return e.what }

// parseTer reads the text of a terrain file. Lines come in any order and end in LF or CRLF; unknown
// ones are ignored, and the first of several BASE_TEX lines counts.
func parseTer(text []byte) (terrain, error) {
	var t terrain
	header := false
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		word, rest := line, []byte(nil)
		if i := bytes.IndexAny(line, " \t"); i >= 0 {
			word, rest = line[:i], line[i+1:]
		}
		switch string(word) {
		case "TERRAIN":
			header = true
		case "BASE_TEX", "BASE_TEX_NOWRAP":
			if t.baseTex == "" {
				t.baseTex = string(bytes.TrimSpace(rest))
			}
		case "WATER_COLOR_MASK":
			t.colorMask = true
		}
	}
	if !header && t.baseTex == "" {
		return terrain{}, errNotTerrain
	}
	return t, nil
}

// cutLine returns the first line of text without its ending and surrounding blanks, and the rest of
// the text. A lone CR ends a line too: old Mac tools wrote it.
func cutLine(text []byte) (line, rest []byte) {
	i := bytes.IndexAny(text, "\r\n")
	if i < 0 {
		return bytes.TrimSpace(text), nil
	}
	return bytes.TrimSpace(text[:i]), text[i+1:]
}

// named returns the ground texture that a terrain file in folder dir (slash-separated, relative to
// the package) names. It returns false and no error if the terrain is not ortho imagery. A ground
// texture that is not named as a .dds file, "x_y_BI16.png" or in quotes, is an error: X-Plane may
// open the DDS for it, but it would not be packed.
func (t terrain) named(dir, file string) (Named, bool, error) {
	if t.baseTex == "" {
		return Named{}, false, nil
	}
	name := strings.ReplaceAll(t.baseTex, `\`, "/")
	if name[0] == '/' || len(name) > 1 && name[1] == ':' {
		return t.unusable(Elsewhere, "is an absolute path")
	}
	full := path.Join(dir, name)
	if full == ".." || strings.HasPrefix(full, "../") {
		return t.unusable(Elsewhere, "leaves the package")
	}
	folder, base := path.Split(full)
	if !strings.EqualFold(path.Ext(base), ".dds") {
		stem, _, _ := strings.Cut(strings.TrimLeft(base, `"'`), ".")
		if _, err := tiles.ParseName(stem); err == nil {
			return t.unusable(NotDDS, "does not end in .dds")
		}
		return Named{}, false, nil
	}
	texture, err := tiles.ParseName(base)
	if err != nil {
		return Named{}, false, nil
	}
	if !strings.EqualFold(folder, texturesFolder+"/") {
		return t.unusable(Elsewhere, "is not in the package's "+texturesFolder+" folder")
	}
	return Named{Texture: texture, File: base, Mask: t.colorMask && isSea(file)}, true, nil
}

func (t terrain) unusable(kind Kind, why string) (Named, bool, error) {
	return Named{}, false, &textureError{kind, fmt.Sprintf("BASE_TEX %q %s", t.baseTex, why)}
}

// isSea reports whether a terrain file's name is that of sea terrain: "…_sea.ter" or
// "…_sea_overlay.ter".
func isSea(file string) bool {
	stem := strings.TrimSuffix(strings.ToLower(file), terExtension)
	return strings.HasSuffix(strings.TrimSuffix(stem, "_overlay"), "_sea")
}

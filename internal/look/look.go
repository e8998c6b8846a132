// Package look changes how textures look while they are read: brightness, contrast and saturation,
// and the season. An archive stays as it is.
//
//	l, notes, err := look.Load("softer")
//	l.Season = &look.Season{Day: 15}
//	layout.Recolour(file, file, 0, l.Of(texture))
//
// A look is a function of a texture's place and blocks, and of nothing else. Colours of pictures
// are changed by internal/filter; this package changes those of blocks, through pkg/dds.
package look

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/xelpack/xelpack/internal/filter"
	"github.com/xelpack/xelpack/internal/textfile"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Look is a change of textures. The zero value changes nothing. It must not be copied after its
// first use, and its fields must stay as they are from then on; Of is safe for concurrent use.
type Look struct {
	Name   string           // how Load knows it; "" without one
	Colour func(pix []byte) // of RGBA pixels, in place; nil: none
	Season *Season          // nil: none

	once    sync.Once
	palette *dds.Palette
	known   [knownSize]atomic.Pointer[knownChange]
}

// knownSize is how many changes are kept: X-Plane reads a texture in several parts, and to
// find the season at its corners takes longer than to change the first of them.
const knownSize = 4096

type knownChange struct {
	of     tiles.Texture
	change *dds.Recolouring
}

// Names are the looks that Load knows without a file.
var Names = []string{"much-softer", "softer"}

// Load returns a look by its name or from a .flt file. Notes are those of filter.Parse.
func Load(name string) (l *Look, notes []string, err error) {
	switch name {
	case "softer": // as in OrthoStudio XP
		return &Look{Name: name, Colour: soft(-0.03, 0, -0.15)}, nil, nil
	case "much-softer":
		return &Look{Name: name, Colour: soft(-0.06, -0.03, -0.30)}, nil, nil
	}
	if !strings.EqualFold(filepath.Ext(name), ".flt") {
		return nil, nil, fmt.Errorf("unknown look %q (want %s or a .flt file)", name,
			strings.Join(Names, ", "))
	}
	text, err := textfile.Read(name, 1<<20)
	if err != nil {
		return nil, nil, fmt.Errorf("read the look: %w", err)
	}
	f, notes, err := filter.Parse(string(text))
	if err != nil {
		return nil, nil, fmt.Errorf("look %s: %w", name, err)
	}
	if blind(f.Apply) {
		return nil, nil, fmt.Errorf("look %s: nine in ten shades of grey become one colour", name)
	}
	if f.String() == "" {
		notes = append(notes, "it changes nothing")
	}
	return &Look{Name: f.String(), Colour: f.Apply}, notes, nil
}

// blind reports whether hardly anything is to be seen after a change: nine in ten shades of grey
// become one colour.
func blind(change func(pix []byte)) bool {
	count := make(map[[3]byte]int)
	for v := range 256 {
		pix := []byte{byte(v), byte(v), byte(v), 255}
		change(pix)
		count[[3]byte(pix)]++
	}
	return slices.Max(slices.Collect(maps.Values(count))) > 256*9/10
}

// soft changes brightness, then contrast round the middle, then saturation round BT.601's grey, as
// OrthoStudio XP does: one rounding at the end.
func soft(brightness, contrast, saturation float64) func(pix []byte) {
	return func(pix []byte) {
		for i := 0; i+3 < len(pix); i += 4 {
			var c [3]float64
			for ch := range c {
				c[ch] = 127.5 + (1+contrast)*(float64(pix[i+ch])*(1+brightness)-127.5)
			}
			grey := 0.299*c[0] + 0.587*c[1] + 0.114*c[2]
			for ch, v := range c {
				v = math.RoundToEven(grey + (1+saturation)*(v-grey))
				pix[i+ch] = uint8(min(max(v, 0), 255))
			}
		}
	}
}

// Of returns the change of a texture, or nil if there is none. Weights are those of its corners, so
// neighbours agree where they meet.
func (l *Look) Of(t tiles.Texture) *dds.Recolouring {
	if l == nil || l.Colour == nil && l.Season == nil {
		return nil
	}
	l.once.Do(func() {
		change := l.Colour
		if change == nil {
			change = func([]byte) {}
		}
		l.palette = dds.NewPalette(change)
	})
	place := &l.known[(t.Row/tiles.TextureChunks*64+t.Col/tiles.TextureChunks)%knownSize]
	if k := place.Load(); k != nil && k.of == t {
		return k.change
	}
	change := l.change(t)
	place.Store(&knownChange{t, change})
	return change
}

// change computes what Of returns.
func (l *Look) change(t tiles.Texture) *dds.Recolouring {
	r := &dds.Recolouring{Palette: l.palette,
		Saturation: [4]int32{dds.One, dds.One, dds.One, dds.One}}
	if l.Season == nil {
		return r
	}
	box := t.Box()
	for i, corner := range [4]struct{ lat, lon float64 }{{box.North, box.West}, {box.North, box.East},
		{box.South, box.West}, {box.South, box.East}} {
		saturation, white := l.Season.At(corner.lat, corner.lon)
		r.Saturation[i], r.White[i] = weight(saturation), weight(white)
	}
	return r
}

// weight turns a share into a weight of a Recolouring.
func weight(share float64) int32 { return int32(min(max(share, 0), 1) * dds.One) }

// String names the look, its season included: equal looks have equal names. "" changes nothing.
func (l *Look) String() string {
	if l == nil {
		return ""
	}
	var parts []string
	if l.Name != "" {
		parts = append(parts, l.Name)
	}
	if l.Season != nil {
		parts = append(parts, l.Season.String())
	}
	return strings.Join(parts, ", ")
}

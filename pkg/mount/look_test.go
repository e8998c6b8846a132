//go:build linux

package mount

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// TestLook: archived and live textures are recoloured, in whatever pieces they are read, and
// neither the archive nor what is kept of live textures is.
func TestLook(t *testing.T) {
	mounttest.NeedFUSE(t)
	grey := &dds.Recolouring{Palette: dds.NewPalette(func([]byte) {})} // no saturation at all
	var a fakeArchive
	alpha := dds.Layout{Format: dds.BC3, Side: 256}
	want := map[string][]byte{
		"23952_33712_BI16.dds": slices.Clone(a.add("23952_33712_BI16", small)),
		"23952_33728_BI16.dds": slices.Clone(a.add("23952_33728_BI16", alpha)),
		"23952_33744_BI16.dds": slices.Clone(made(tex("23952_33744_BI16"))),
		"23952_33760_GO16.dds": a.add("23952_33760_GO16", small),
	}
	small.Recolour(want["23952_33712_BI16.dds"], want["23952_33712_BI16.dds"], 0, grey)
	alpha.Recolour(want["23952_33728_BI16.dds"], want["23952_33728_BI16.dds"], 0, grey)
	LiveLayout().Recolour(want["23952_33744_BI16.dds"], want["23952_33744_BI16.dds"], 0, grey)
	o := liveAny(healthy())
	o.Archives = []Archive{&a}
	o.Look = func(x tiles.Texture) *dds.Recolouring {
		if x.Maptype == "GO" {
			return nil
		}
		return grey
	}
	f := mountTemp(t, o)
	r := mounttest.NewReader(t)
	for name, content := range want {
		for range 2 { // live textures come from memory the second time
			if got, errno := r.HashFile(f.textures(name)); errno != 0 || got != sha256.Sum256(content) {
				t.Errorf("%s: %v, or not as the look has it", name, errno)
			}
			file, errno := r.Open(f.textures(name))
			if errno != 0 {
				t.Fatal(errno)
			}
			r.Forget(file)
			r.CloseFile(file)
		}
		// as a driver without a page cache may read
		x := found{texture: tex(name), size: int64(len(content))}
		if e, ok := a.Lookup(x.texture.Key()); ok {
			x.entry, x.from = e, f.shelf.list()[0]
			for _, part := range [][2]int{{1, 7}, {100, 60}, {129, 1}, {200, 4099}, {len(content) - 9, 9}} {
				got := f.readArchived(x, nil, make([]byte, part[1]), int64(part[0]))
				if !bytes.Equal(got, content[part[0]:][:part[1]]) {
					t.Errorf("%s: %d bytes at %d differ", name, part[1], part[0])
				}
			}
		}
	}
}

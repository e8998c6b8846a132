//go:build linux

package mount

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func decode(t *testing.T, l dds.Layout, level int, file []byte) *image.NRGBA {
	t.Helper()
	off, n := l.Level(level)
	img, err := dds.Decode(l, level, file[off:off+n])
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// Whatever range is asked for, ground is the same valid file, in the colour of the domain.
func TestGround(t *testing.T) {
	for _, l := range []dds.Layout{small, {Format: dds.BC3, Side: 256},
		{Format: dds.BC1, Side: 512}} {
		whole := grounded(l)
		if got, err := dds.ParseHeader(whole); err != nil || got != l {
			t.Fatalf("%v: header of %v, %v", l, got, err)
		}
		for level := range l.Levels() {
			pixels := decode(t, l, level, whole).Pix
			if !bytes.Equal(pixels, bytes.Repeat([]byte{66, 77, 55, 255}, len(pixels)/4)) {
				t.Fatalf("%v level %d: not RGB(66,77,55) throughout, it starts %v", l, level,
					pixels[:4])
			}
		}
		rnd := rand.New(rand.NewPCG(3, 4))
		for range 2000 {
			off := rnd.Int64N(l.Size())
			if rnd.IntN(2) == 0 {
				off = rnd.Int64N(300)
			}
			p := make([]byte, rnd.Int64N(min(1000, l.Size()-off)+1))
			ground(l, p, off)
			if want := whole[off:][:len(p)]; !bytes.Equal(p, want) {
				t.Fatalf("%v: %d bytes at %d are %v, in the whole file %v", l, len(p), off, p, want)
			}
		}
	}
}

// parent returns an archive with one texture, of random blocks at every level.
func parent(name string, l dds.Layout) (*fakeArchive, []byte) {
	var a fakeArchive
	file := a.add(name, l)
	if l.Format == dds.BC1 { // ours are of the four-colour kind
		for i := dds.HeaderSize; i < len(file); i += 8 {
			fourColours(file[i:][:8])
		}
	}
	return &a, file
}

// pixel returns what a BC1 or BC3 block says of a pixel's colour: its end points and which mixture
// of them.
func pixel(l dds.Layout, file []byte, level, x, y int) (p [3]uint16) {
	off, _ := l.Level(level)
	across := max(1, l.Side>>level/4)
	// 8 bytes, or 16 of which the last 8 are colour
	at := off + int64(y/4*across+x/4)*int64(8*(l.Format+1)/2)
	block := slices.Clone(file[at:][:8])
	if l.Format == dds.BC3 {
		block = slices.Clone(file[at+8:][:8])
		fourColours(block)
	}
	index := binary.LittleEndian.Uint32(block[4:]) >> (8*(y%4) + 2*(x%4)) & 3
	return [3]uint16{binary.LittleEndian.Uint16(block), binary.LittleEndian.Uint16(block[2:]),
		uint16(index)}
}

// Every pixel of an enlarged texture is the pixel of its ancestor that covers the same ground, at
// the level that is as sharp, or else at its sharpest.
func TestEnlarged(t *testing.T) {
	for _, c := range []struct {
		layout   dds.Layout
		up       int
		col, row int // of the part
	}{
		{LiveLayout(), 1, 0, 0}, {LiveLayout(), 1, 1, 0}, {LiveLayout(), 2, 1, 3},
		{dds.Layout{Format: dds.BC1, Side: 1024}, 1, 0, 1},
		{small, 4, 15, 15}, {small, 4, 0, 7},
		{dds.Layout{Format: dds.BC3, Side: 2048}, 1, 1, 1},
		{dds.Layout{Format: dds.BC3, Side: 256}, 3, 5, 2},
	} {
		t.Run(fmt.Sprintf("%v %d px, %d up, part %d,%d", c.layout.Format, c.layout.Side, c.up,
			c.col, c.row), func(t *testing.T) {
			p := tiles.Texture{Row: 1600, Col: 3200, ZL: 15, Maptype: "BI"}
			a, file := parent(p.Name(), c.layout)
			child := tiles.Texture{Row: (p.Row/16<<c.up + uint32(c.row)) * 16,
				Col: (p.Col/16<<c.up + uint32(c.col)) * 16,
				ZL:  p.ZL + tiles.ZL(c.up), Maptype: "bi"}
			from, e, up, ok := ancestor(arrange(nil, []Archive{&fakeArchive{}, a}), child)
			if !ok || up != c.up || e.Texture != p {
				t.Fatalf("ancestor of %v: %v, %d up, %v", child, e.Texture, up, ok)
			}
			got, err := enlarged(t.Context(), from, e, up, child)
			if err != nil {
				t.Fatal(err)
			}
			if err := checkLive(got); err != nil {
				t.Fatal(err)
			}
			// below 4 px a block holds more than the level
			for n := range LiveLayout().Levels() - 2 {
				side := dds.MaxSide >> n
				level := 0 // the ancestor's, of which the part is no larger than side
				for c.layout.Side>>level>>up > side {
					level++
				}
				part := c.layout.Side >> level >> up
				for i := range 5000 {
					x, y := i*7919%side, i*6007%side
					want := pixel(c.layout, file, level, c.col*part+x*part/side,
						c.row*part+y*part/side)
					if got := pixel(LiveLayout(), got, n, x, y); got != want {
						t.Fatalf("level %d: pixel %d,%d is %v, want %v of level %d", n, x, y, got,
							want, level)
					}
				}
			}
		})
	}
}

// A BC3 block's colours are the same as BC1, whatever the order of its end points.
func TestFourColours(t *testing.T) {
	l := dds.Layout{Format: dds.BC3, Side: 256}
	file := noise(l, "colours")
	copy(file[dds.HeaderSize+8:], []byte{1, 2, 1, 2}) // two end points alike
	want := decode(t, l, 0, file)
	blocks := make([]byte, dds.HeaderSize, small.Size())
	for i := dds.HeaderSize; i < len(file); i += 16 {
		fourColours(file[i+8:][:8])
		blocks = append(blocks, file[i+8:][:8]...)
	}
	got := decode(t, small, 0, blocks)
	for i := 3; i < len(want.Pix); i += 4 {
		want.Pix[i] = 255
	}
	if !bytes.Equal(got.Pix, want.Pix) {
		t.Error("the colours differ")
	}
}

func TestAncestor(t *testing.T) {
	archive := func(names ...string) *fakeArchive {
		var a fakeArchive
		for _, name := range names {
			a.put(name, small, nil)
		}
		return &a
	}
	for name, c := range map[string]struct {
		of, want string
		in       []string
	}{
		"nearest": {"1616_3248_BI18", "800_1616_BI17",
			[]string{"800_1616_BI17", "400_800_BI16"}},
		"four up":               {"1616_3248_BI18", "96_192_BI14", []string{"96_192_BI14"}},
		"five up is too far":    {"1616_3248_BI18", "", []string{"48_96_BI13"}},
		"neighbour":             {"1616_3248_BI18", "", []string{"800_1600_BI17", "816_1616_BI17"}},
		"other imagery":         {"1616_3248_BI18", "", []string{"800_1616_GO17"}},
		"itself is no ancestor": {"1616_3248_BI18", "", []string{"1616_3248_BI18"}},
		"top of the world":      {"0_0_BI04", "", []string{"0_0_BI05"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, e, _, ok := ancestor(arrange(nil, []Archive{archive(c.in...)}), tex(c.of))
			if ok != (c.want != "") || ok && e.Texture.Name() != c.want {
				t.Errorf("ancestor of %s: %v, %v; want %q", c.of, e.Texture, ok, c.want)
			}
		})
	}
}

// A stand-in comes from the archived parent, unless that cannot be read.
func TestStandInFromParent(t *testing.T) {
	for _, readable := range []bool{true, false} {
		a, _ := parent("800_1600_BI15", LiveLayout())
		child := tex("1616_3200_BI16")
		e, _ := a.Lookup(tex("800_1600_BI15").Key())
		want, err := enlarged(t.Context(), a, e, 1, child)
		if err != nil {
			t.Fatal(err)
		}
		if !readable {
			want = grounded(LiveLayout())
			a.fail = func(tiles.Texture, []byte, int64) (int, error) {
				return 0, errors.New("disk on fire")
			}
		}
		g, _ := stuck()
		o := liveAny(g)
		o.Archives, o.Deadline = []Archive{a}, time.Millisecond
		f := mountTemp(t, o)
		r := mounttest.NewReader(t)
		for range 2 {
			if got, errno := r.HashFile(f.textures(child.File())); errno != 0 ||
				got != sha256.Sum256(want) {
				t.Errorf("parent readable %v: not the stand-in expected, %v", readable, errno)
			}
		}
		r.Close()
		patience.Until(t, "no bytes are held by open files when none is open",
			func() bool { return f.Stats().OpenBytes == 0 })
	}
}

// With as many bytes in open files as the cache may have, stand-ins cost nothing.
func TestStandInsAreBounded(t *testing.T) {
	a, _ := parent("800_1600_BI15", small)
	l := newLive(t.Context(), &Options{MemoryCache: 1 << 20, Live: LiveAny}, newShelf([]Archive{a}),
		&liveCounters{})
	defer l.close()
	child := tex("1616_3200_BI16")
	if c := l.standIn(child); c.data == nil {
		t.Fatal("the stand-in is not the parent")
	}
	l.pinned = 1 << 20
	if c := l.standIn(child); c.data != nil {
		t.Error("the stand-in is not ground although the memory is used up")
	}
}

func BenchmarkEnlarged(b *testing.B) {
	a, _ := parent("800_1600_BI15", LiveLayout())
	e := mbtiles.Entry{Texture: tex("800_1600_BI15"), Layout: LiveLayout()}
	b.SetBytes(LiveLayout().Size())
	for b.Loop() {
		if _, err := enlarged(b.Context(), a, e, 1, tex("1616_3200_BI16")); err != nil {
			b.Fatal(err)
		}
	}
}

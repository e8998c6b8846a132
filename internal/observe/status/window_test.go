package status

import (
	"math"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestWindow(t *testing.T) {
	at := func(row, col uint32, zl tiles.ZL) tiles.Texture {
		return tiles.Texture{Row: row, Col: col, ZL: zl, Maptype: "BI"}
	}
	last := uint32(1<<16 - 16) // column of ZL16 before the antimeridian
	degree := 360.0 / 4096     // a texture's width at ZL16
	tests := map[string]struct {
		opened []tiles.Texture
		want   Window // of longitudes only
	}{
		"one": {[]tiles.Texture{at(23952, 33712, 16)},
			Window{West: 33712/16*degree - 180, East: (33712/16+1)*degree - 180, Textures: 1}},
		"two far apart": {[]tiles.Texture{at(23952, 32768, 16),
			at(23952, 33712, 16)}, Window{West: 0, East: (33712/16+1)*degree - 180, Textures: 2}},
		"opened twice": {[]tiles.Texture{at(23952, 32768, 16),
			at(23952, 32768, 16)}, Window{West: 0, East: degree, Textures: 1}},
		"across the antimeridian": {[]tiles.Texture{at(23952, 0, 16), at(23952, last, 16),
			at(23952, 16, 16)}, Window{West: 180 - degree, East: 2*degree - 180, Textures: 3}},
		"up to the antimeridian": {[]tiles.Texture{at(23952, last, 16),
			at(23952, last-16, 16)}, Window{West: 180 - 2*degree, East: 180, Textures: 2}},
		"a wide one and one inside it": {[]tiles.Texture{at(1488, 2048, 12),
			at(23952, 32768+32, 16), at(23952, 33712, 16)},
			Window{West: 0, East: (33712/16+1)*degree - 180, Textures: 3}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := New(Options{What: "mount"}, &observe.Sources{})
			b.Holds(at(0, 0, 16)) // nobody opens it
			for _, x := range tt.opened {
				b.Asked(mount.OpOpen, x)
				b.Answered(mount.Answer{Op: mount.OpOpen, From: mount.FromArchive, Texture: x,
					Start: time.Now()})
			}
			got := b.Snapshot().Window
			if got == nil {
				t.Fatal("there is no window")
			}
			if !near(got.West, tt.want.West) || !near(got.East, tt.want.East) ||
				got.Textures != tt.want.Textures {
				t.Errorf("got %+v, want %+v", *got, tt.want)
			}
		})
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

// The corners are those of the textures (23952_33712_BI16 is 43.48° N or so), and what was opened
// long ago is forgotten.
func TestWindowForgets(t *testing.T) {
	b := New(Options{What: "mount"}, &observe.Sources{})
	if w := b.Snapshot().Window; w != nil {
		t.Errorf("nothing was opened, and the window is %+v", *w)
	}
	b.began = time.Now().Add(-time.Hour)
	open := func(col uint32, ago time.Duration, errno bool) {
		x := tiles.Texture{Row: 25264, Col: col, ZL: 16, Maptype: "BI"}
		a := mount.Answer{Op: mount.OpOpen, From: mount.FromLive, Texture: x,
			Start: time.Now().Add(-ago)}
		if errno {
			a.Errno = 5
		}
		b.Answered(a)
	}
	open(10912, time.Second, false)
	open(10912+16, windowFor+time.Minute, false)
	open(10912+32, time.Second, true)
	w := b.Snapshot().Window
	if w == nil || w.Textures != 1 {
		t.Fatalf("the window is %+v, want one texture", w)
	}
	// Golden: the north-west corner of 25264_10912_BI16.
	if math.Abs(w.North-38.0653924) > 1e-7 || math.Abs(w.West+120.0585938) > 1e-7 ||
		w.South >= w.North || w.East <= w.West {
		t.Errorf("the window is %+v, want its corner at 38.0653924, -120.0585938", *w)
	}
}

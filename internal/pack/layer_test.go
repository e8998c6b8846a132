package pack

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/filter"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// plainSource has chunks of one colour. It says what it was asked for.
type plainSource struct {
	colour color.NRGBA
	answer func(tiles.Chunk) error // nil: it has everything

	mu    sync.Mutex
	asked map[tiles.ZL]int
}

func (s *plainSource) Fetch(_ context.Context, c tiles.Chunk) ([]byte, error) {
	s.mu.Lock()
	if s.asked == nil {
		s.asked = map[tiles.ZL]int{}
	}
	s.asked[c.Z]++
	s.mu.Unlock()
	if s.answer != nil {
		if err := s.answer(c); err != nil {
			return nil, err
		}
	}
	img := image.NewNRGBA(image.Rect(0, 0, chunkPixels, chunkPixels))
	for i := range chunkPixels * chunkPixels {
		img.SetNRGBA(i%chunkPixels, i/chunkPixels, s.colour)
	}
	var body bytes.Buffer
	err := png.Encode(&body, img)
	return body.Bytes(), err
}

var (
	red   = color.NRGBA{200, 40, 40, 255}
	blue  = color.NRGBA{40, 40, 200, 255}
	green = color.NRGBA{40, 160, 40, 255}
)

var home = tiles.Item{Texture: tiles.At(orb.Point{6.5, 46.5}, 16, "BI"), Detail: 3} // 2×2 chunks at z13

// westOf returns the area west of a part of the texture's width.
func westOf(part float64, ramp float64) area.Area {
	box := home.Box()
	at := box.West + part*(box.East-box.West)
	a, err := area.NewOutline(orb.MultiPolygon{{{{at - 5, 40}, {at, 40}, {at, 50}, {at - 5, 50}}}}, area.Edge{Ramp: ramp})
	if err != nil {
		panic(err)
	}
	return a
}

// built builds the texture and returns it with its pixels.
func built(t *testing.T, o Options) (*Built, *image.NRGBA) {
	t.Helper()
	p := New(o)
	t.Cleanup(func() { _ = p.Close() })
	b, err := p.Texture(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	l := layout(home)
	off, n := l.Level(0)
	img, err := dds.Decode(l, 0, b.File[off:][:n])
	if err != nil {
		t.Fatal(err)
	}
	return b, img
}

// like reports whether the pixels are of nearly one colour: encoding rounds.
func like(a, b color.NRGBA) bool {
	near := func(x, y uint8) bool { return max(x, y)-min(x, y) <= 8 }
	return near(a.R, b.R) && near(a.G, b.G) && near(a.B, b.B)
}

func TestLayers(t *testing.T) {
	none := func(tiles.Chunk) error { return fetch.ErrNoImagery }
	noneBelow := func(z tiles.ZL) func(tiles.Chunk) error {
		return func(c tiles.Chunk) error {
			if c.Z >= z {
				return fetch.ErrNoImagery
			}
			return nil
		}
	}
	broken := func(tiles.Chunk) error { return errors.New("broken") }
	grey, _, err := filter.Parse("saturation -100")
	if err != nil {
		t.Fatal(err)
	}
	greyRed := color.NRGBA{R: 88, G: 88, B: 88}
	for _, tt := range []struct {
		name                   string
		upper, lower           Layer
		upperHas, lowerHas     func(tiles.Chunk) error
		fallback               bool
		west, east             color.NRGBA // of the texture's quarters
		want                   Tally
		sources                map[string]int
		askedUpper, askedLower map[tiles.ZL]int
	}{
		{
			name: "the upper hides the lower", upper: Layer{MaxZL: 22}, lower: Layer{MaxZL: 22},
			west: red, east: red, want: Tally{Chunks: 4}, sources: map[string]int{"upper": 4}, askedUpper: map[tiles.ZL]int{13: 4},
		},
		{
			name: "the upper counts in the west", upper: Layer{MaxZL: 22, Area: westOf(0.5, 0)}, lower: Layer{MaxZL: 22},
			west: red, east: blue, want: Tally{Chunks: 4}, sources: map[string]int{"upper": 2, "lower": 2}, askedUpper: map[tiles.ZL]int{13: 2}, askedLower: map[tiles.ZL]int{13: 2},
		},
		{
			name: "its border goes through chunks", upper: Layer{MaxZL: 22, Area: westOf(0.6, 100)}, lower: Layer{MaxZL: 22},
			west: red, east: blue, want: Tally{Chunks: 4}, sources: map[string]int{"upper": 4, "lower": 2}, askedUpper: map[tiles.ZL]int{13: 4}, askedLower: map[tiles.ZL]int{13: 2},
		},
		{
			name: "the upper has nothing", upper: Layer{MaxZL: 22}, upperHas: none, lower: Layer{MaxZL: 22},
			west: blue, east: blue, want: Tally{Chunks: 4}, sources: map[string]int{"lower": 4}, askedUpper: map[tiles.ZL]int{13: 4}, askedLower: map[tiles.ZL]int{13: 4},
		},
		{
			name: "a lower that is not as deep comes before a parent of the upper", upper: Layer{MaxZL: 22}, upperHas: noneBelow(13), lower: Layer{MaxZL: 11},
			west: blue, east: blue, want: Tally{Chunks: 4, Overzoomed: 4}, sources: map[string]int{"lower": 4}, askedUpper: map[tiles.ZL]int{13: 4}, askedLower: map[tiles.ZL]int{11: 1},
		},
		{
			name: "a parent of the upper comes before a parent of the lower", upper: Layer{MaxZL: 22}, upperHas: noneBelow(13), lower: Layer{MaxZL: 13}, lowerHas: noneBelow(13),
			west: red, east: red, want: Tally{Chunks: 4, Overzoomed: 4, Missing: 4}, sources: map[string]int{"upper": 4},
			askedUpper: map[tiles.ZL]int{13: 4, 12: 1}, askedLower: map[tiles.ZL]int{13: 4},
		},
		{
			name: "nobody has anything", upper: Layer{MaxZL: 22, MinZL: 12}, upperHas: none, lower: Layer{MaxZL: 12, MinZL: 12}, lowerHas: none,
			west: ground, east: ground, want: Tally{Chunks: 4, Missing: 4}, sources: map[string]int{},
			askedUpper: map[tiles.ZL]int{13: 4, 12: 1}, askedLower: map[tiles.ZL]int{12: 1},
		},
		{
			name: "the upper fails: what fills it is a hole", upper: Layer{MaxZL: 22}, upperHas: broken, lower: Layer{MaxZL: 22},
			west: blue, east: blue, want: Tally{Chunks: 4, Failed: 4}, sources: map[string]int{"lower": 4}, askedUpper: map[tiles.ZL]int{13: 4}, askedLower: map[tiles.ZL]int{13: 4},
		},
		{
			name: "unless that is good enough", upper: Layer{MaxZL: 22}, upperHas: broken, lower: Layer{MaxZL: 22}, fallback: true,
			west: blue, east: blue, want: Tally{Chunks: 4}, sources: map[string]int{"lower": 4}, askedUpper: map[tiles.ZL]int{13: 4}, askedLower: map[tiles.ZL]int{13: 4},
		},
		{
			name: "the lower fails under a ramp", upper: Layer{MaxZL: 22, Area: westOf(0.6, 100)}, lower: Layer{MaxZL: 22}, lowerHas: broken,
			west: red, east: ground, want: Tally{Chunks: 4, Failed: 2}, sources: map[string]int{"upper": 4}, askedUpper: map[tiles.ZL]int{13: 4}, askedLower: map[tiles.ZL]int{13: 2, 12: 2},
		},
		{
			name: "a layer for other maptypes", upper: Layer{MaxZL: 22, For: func(m string) bool { return m == "ARC" }}, lower: Layer{MaxZL: 22, For: func(m string) bool { return m == "BI" }},
			west: blue, east: blue, want: Tally{Chunks: 4}, sources: map[string]int{"lower": 4}, askedLower: map[tiles.ZL]int{13: 4},
		},
		{
			name: "a filter, of parents too", upper: Layer{MaxZL: 22, Area: westOf(0.5, 0), Filter: grey}, upperHas: noneBelow(13), lower: Layer{MaxZL: 10, Area: westOf(-1, 0)},
			west: greyRed, east: ground, want: Tally{Chunks: 4, Overzoomed: 2, Missing: 4}, sources: map[string]int{"upper": 2}, askedUpper: map[tiles.ZL]int{13: 2, 12: 1},
		},
		{
			name: "a filter", upper: Layer{MaxZL: 22, Area: westOf(0.5, 0), Filter: grey}, lower: Layer{MaxZL: 13},
			west: greyRed, east: blue, want: Tally{Chunks: 4}, sources: map[string]int{"upper": 2, "lower": 2}, askedUpper: map[tiles.ZL]int{13: 2}, askedLower: map[tiles.ZL]int{13: 2},
		},
		{
			name: "a layer that is alone counts everywhere", upper: Layer{MaxZL: 22, Area: westOf(0.5, 0), Lone: true}, lower: Layer{MaxZL: 22, Area: westOf(-1, 0)},
			west: red, east: red, want: Tally{Chunks: 4}, sources: map[string]int{"upper": 4}, askedUpper: map[tiles.ZL]int{13: 4},
		},
		{
			name: "of two share-alike licences that which covers more", upper: Layer{MaxZL: 22, Exclusive: "A", Area: westOf(0.6, 100)}, lower: Layer{MaxZL: 22, Exclusive: "B"},
			west: blue, east: blue, want: Tally{Chunks: 4}, sources: map[string]int{"lower": 4}, askedLower: map[tiles.ZL]int{13: 4},
		},
		{
			name: "of two that cover as much the upper, and nothing of the other fills it", upper: Layer{MaxZL: 22, MinZL: 12, Exclusive: "A"}, upperHas: none, lower: Layer{MaxZL: 22, Exclusive: "B"},
			west: ground, east: ground, want: Tally{Chunks: 4, Missing: 4}, sources: map[string]int{}, askedUpper: map[tiles.ZL]int{13: 4, 12: 1},
		},
		{
			name: "two of the same licence", upper: Layer{MaxZL: 22, Exclusive: "A", Area: westOf(0.5, 0)}, lower: Layer{MaxZL: 22, Exclusive: "A"},
			west: red, east: blue, want: Tally{Chunks: 4}, sources: map[string]int{"upper": 2, "lower": 2}, askedUpper: map[tiles.ZL]int{13: 2}, askedLower: map[tiles.ZL]int{13: 2},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			upper, lower := &plainSource{colour: red, answer: tt.upperHas}, &plainSource{colour: blue, answer: tt.lowerHas}
			tt.upper.ID, tt.upper.Source, tt.lower.ID, tt.lower.Source = "upper", upper, "lower", lower
			b, img := built(t, Options{Layers: []Layer{tt.upper, tt.lower}, Fallback: tt.fallback})
			if b.Tally != tt.want {
				t.Errorf("tally %+v, want %+v", b.Tally, tt.want)
			}
			if diff := cmp.Diff(tt.sources, map[string]int(b.Sources)); diff != "" {
				t.Errorf("sources (-want +got): %s", diff)
			}
			if diff := cmp.Diff([]map[tiles.ZL]int{tt.askedUpper, tt.askedLower}, []map[tiles.ZL]int{upper.asked, lower.asked}); diff != "" {
				t.Errorf("asked (-want +got): %s", diff)
			}
			for _, at := range []struct {
				x    int
				want color.NRGBA
			}{{64, tt.west}, {200, tt.west}, {400, tt.east}, {500, tt.east}} {
				if got := img.NRGBAAt(at.x, 200); !like(got, at.want) {
					t.Errorf("at %d it is %v, want %v", at.x, got, at.want)
				}
			}
		})
	}
}

// Weights that mix as the priorities say, worked out by hand.
func TestPriorities(t *testing.T) {
	plain := func(c color.NRGBA, weight uint8, p area.Priority) part {
		img := image.NewNRGBA(image.Rect(0, 0, chunkPixels, chunkPixels))
		for i := range chunkPixels * chunkPixels {
			img.SetNRGBA(i%chunkPixels, i/chunkPixels, c)
		}
		one := part{Layer: &Layer{Priority: p}, img: img, weights: new(area.Weights)}
		for i := range one.weights {
			one.weights[i] = weight
		}
		return one
	}
	white := color.NRGBA{255, 250, 250, 255}
	for _, tt := range []struct {
		name  string
		parts []part // from the top
		want  color.NRGBA
	}{
		{"high, half", []part{plain(red, 128, area.High), plain(blue, 255, area.High)}, color.NRGBA{120, 40, 120, 255}},
		{"two mediums, whole, are half each", []part{plain(red, 255, area.Medium), plain(blue, 255, area.Medium)}, color.NRGBA{120, 40, 120, 255}},
		{"three mediums, a third each", []part{plain(green, 255, area.Medium), plain(red, 255, area.Medium), plain(blue, 255, area.Medium)}, color.NRGBA{93, 80, 93, 255}},
		{"a medium over nothing", []part{plain(red, 100, area.Medium)}, red},
		{"a low over nothing", []part{plain(red, 100, area.Low)}, red},
		{"a low over a high", []part{plain(red, 255, area.Low), plain(blue, 255, area.High)}, color.NRGBA{120, 40, 120, 255}},
		{"a low does not add", []part{plain(green, 255, area.Medium), plain(red, 255, area.Low)}, green},
		{"nothing at all", []part{plain(red, 0, area.Medium)}, ground},
		{"nearly white in a ramp", []part{plain(white, 253, area.High), plain(blue, 255, area.High)}, blue},
		{"nearly white beyond it", []part{plain(white, 254, area.High), plain(blue, 255, area.High)}, white},
		{"nearly black in a ramp", []part{plain(color.NRGBA{15, 10, 10, 255}, 100, area.High), plain(blue, 255, area.High)}, blue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img := compose(tt.parts)
			for _, at := range []image.Point{{0, 0}, {255, 255}} {
				got := img.NRGBAAt(at.X, at.Y)
				for ch, d := range []int{int(got.R) - int(tt.want.R), int(got.G) - int(tt.want.G), int(got.B) - int(tt.want.B)} {
					if max(d, -d) > 1 {
						t.Fatalf("colour %d of %v is off: %v, want %v", ch, at, got, tt.want)
					}
				}
			}
		})
	}
}

// The same answers are the same bytes, whatever order they came in.
func TestLayersInAnyOrder(t *testing.T) {
	build := func(t *testing.T, seed uint64) (b *Built) {
		synctest.Test(t, func(t *testing.T) {
			answer := func(c tiles.Chunk) error {
				r := rand.New(rand.NewPCG(seed, uint64(c.Z)<<60^uint64(c.X)<<30^uint64(c.Y)))
				time.Sleep(time.Duration(r.IntN(1000)) * time.Millisecond)
				if (c.X+c.Y)%3 == 0 {
					return fetch.ErrNoImagery
				}
				return nil
			}
			b, _ = built(t, Options{Workers: 1 + int(seed%3), Slots: 2 + int(seed), Layers: []Layer{
				{ID: "a", Source: &plainSource{colour: red, answer: answer}, MaxZL: 22, Area: westOf(0.45, 800)},
				{ID: "b", Source: &plainSource{colour: green, answer: answer}, MaxZL: 22, Area: westOf(0.8, 300)},
				{ID: "c", Source: &plainSource{colour: blue, answer: answer}, MaxZL: 12},
			}})
		})
		return b
	}
	first := build(t, 1)
	if len(first.Sources) != 3 {
		t.Fatalf("sources %v: want imagery of all three", first.Sources)
	}
	seeds := uint64(6)
	if testing.Short() {
		seeds = 3 // as many workers and slots as there are ways to
	}
	for seed := range seeds {
		if again := build(t, seed); !bytes.Equal(first.File, again.File) || !maps.Equal(first.Sources, again.Sources) {
			t.Errorf("order %d differs: %v, %v", seed, first.Sources, again.Sources)
		}
	}
}

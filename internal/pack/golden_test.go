package pack

import (
	"context"
	"flag"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// ruled has chunks of one colour with a darker line along their edges, so that stairs would show.
type ruled struct {
	colour color.NRGBA
	lacks  func(tiles.Chunk) bool
}

func (s ruled) Fetch(_ context.Context, c tiles.Chunk) ([]byte, error) {
	if s.lacks != nil && s.lacks(c) {
		return nil, fetch.ErrNoImagery
	}
	img := image.NewNRGBA(image.Rect(0, 0, chunkPixels, chunkPixels))
	dark := color.NRGBA{s.colour.R / 5 * 4, s.colour.G / 5 * 4, s.colour.B / 5 * 4, 255}
	for y := range chunkPixels {
		for x := range chunkPixels {
			img.SetNRGBA(x, y, s.colour)
			if x < 4 || y < 4 {
				img.SetNRGBA(x, y, dark)
			}
		}
	}
	return fetchtest.EncodePNG(img)
}

// shore is the area east of a line that winds from north to south through the texture.
func shore(t *testing.T, at float64, ramp float64) area.Area {
	t.Helper()
	b := home.Box()
	width, height := b.East-b.West, b.North-b.South
	ring := orb.Ring{{b.East + width, b.North + height}, {b.East + width, b.South - height}}
	for i := -20; i <= 120; i++ {
		y := float64(i) / 100
		x := at + 0.07*math.Sin(9*y) + 0.03*math.Sin(31*y)
		ring = append(ring, orb.Point{b.West + x*width, b.South + y*height})
	}
	a, err := area.NewOutline(orb.MultiPolygon{{ring}}, area.Edge{Ramp: ramp})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestGoldenMosaics builds pictures that a person can look at: testdata/mosaic, a texture of ZL16 at
// detail 3 each, at half its size.
func TestGoldenMosaics(t *testing.T) {
	land, sea, other := color.NRGBA{150, 130, 80, 255}, color.NRGBA{40, 80, 150, 255}, color.NRGBA{90, 150, 70, 255}
	hole := home.Chunk(0, 0)
	for _, tt := range []struct {
		name   string
		layers []Layer
	}{
		{"coast", []Layer{ // land to its shore, over a world at a coarser level
			{ID: "land", Source: ruled{colour: land}, MaxZL: 22, Area: shore(t, 0.4, 400)},
			{ID: "world", Source: ruled{colour: sea}, MaxZL: 11},
		}},
		{"border", []Layer{ // two that share a border: nothing of the third shows between them
			{ID: "east", Source: ruled{colour: land}, MaxZL: 22, Area: shore(t, 0.5, 400)},
			{ID: "west", Source: ruled{colour: other}, MaxZL: 22, Area: westOf(1.1, 0)},
			{ID: "world", Source: ruled{colour: sea}, MaxZL: 22},
		}},
		{"hole", []Layer{ // a chunk that the upper lacks comes from the lower
			{ID: "upper", Source: ruled{colour: land, lacks: func(c tiles.Chunk) bool { return c == hole }}, MaxZL: 22},
			{ID: "lower", Source: ruled{colour: other}, MaxZL: 22},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, img := built(t, Options{Layers: tt.layers})
			small := image.NewNRGBA(image.Rect(0, 0, img.Rect.Dx()/2, img.Rect.Dy()/2))
			for y := range small.Rect.Dy() {
				for x := range small.Rect.Dx() {
					small.SetNRGBA(x, y, img.NRGBAAt(2*x, 2*y))
				}
			}
			file := filepath.Join("testdata", "mosaic", tt.name+".png")
			if *update {
				writePNG(t, file, small)
			}
			if want := readPNG(t, file); !samePixels(want, small) {
				bad := filepath.Join(t.TempDir(), tt.name+".png")
				writePNG(t, bad, small)
				t.Errorf("it does not look as %s does (go test -run Golden -update ./internal/pack writes it anew)", file)
			}
			if tt.name == "border" { // no blue in any mixture of the two
				for i := 0; i < len(img.Pix); i += 4 {
					if p := img.Pix[i:]; p[2] > 90 || p[0] < 60 {
						t.Fatalf("at %d,%d the third shows: %v", i/4%img.Rect.Dx(), i/4/img.Rect.Dx(), p[:3])
					}
				}
			}
		})
	}
}

func writePNG(t *testing.T, file string, img image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func readPNG(t *testing.T, file string) image.Image {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func samePixels(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			if color.NRGBAModel.Convert(a.At(x, y)) != color.NRGBAModel.Convert(b.At(x, y)) {
				return false
			}
		}
	}
	return true
}

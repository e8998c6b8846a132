package look

import (
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/xelpack/xelpack/internal/filter"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

var update = flag.Bool("update", false, "write the golden files anew")

// card is a picture of 256 px of what looks can get wrong: from the top a gradient, a grey ramp,
// saturated primaries, flat blocks, and blocks whose ends are next to each other.
func card() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 256, 256))
	rng := rand.New(rand.NewPCG(1, 2))
	noise := func() int { return rng.IntN(9) - 4 }
	for i := range 256 * 256 {
		x, y := i%256, i/256
		c := color.NRGBA{uint8(x), uint8(128 + y), uint8(255 - x), 255}
		switch band := y / 52; {
		case band == 1:
			c = color.NRGBA{uint8(x), uint8(x), uint8(x), 255}
		case band == 2:
			n := x/32 + 1 // red, green, yellow, blue, magenta, cyan, white, black
			c = color.NRGBA{uint8(255 * (n & 1)), uint8(255 * (n >> 1 & 1)), uint8(255 * (n >> 2 & 1)), 255}
		case band == 3: // by columns of blocks
			r := rand.New(rand.NewPCG(uint64(x/4), uint64(y/4)))
			c = color.NRGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255}
		case band == 4:
			c = color.NRGBA{uint8(x/2 + 60 + noise()), uint8(x/2 + 70 + noise()), uint8(x/3 + 50 + noise()), 255}
		}
		img.SetNRGBA(x, y, c)
	}
	return img
}

// TestGolden: the card without a look, softer, in winter, in winter with snow, and with PCN06's
// filter, beside each other in testdata/looks.png, which was looked at. Nothing becomes transparent.
func TestGolden(t *testing.T) {
	const file = "testdata/looks.png"
	strong, _, err := filter.Parse("levels 38 1 222 0 255 45 1 224 0 255 54 1 227 0 255\nsaturation -30")
	if err != nil {
		t.Fatal(err)
	}
	softer, _, err := Load("softer")
	if err != nil {
		t.Fatal(err)
	}
	texture, err := tiles.ParseName("22912_35136_BI16")
	if err != nil {
		t.Fatal(err)
	}
	layout := dds.Layout{Format: dds.BC1, Side: 256}
	w := dds.NewWorker()
	defer func() { _ = w.Close() }()
	blocks, err := w.Encode(card(), dds.BC1, dds.Good)
	if err != nil {
		t.Fatal(err)
	}
	looks := []*Look{nil, softer, {Season: &Season{Day: 15}}, {Season: &Season{Day: 15, Snow: .8}},
		{Colour: strong.Apply}}
	got := image.NewNRGBA(image.Rect(0, 0, 256*len(looks), 256))
	for i, l := range looks {
		seen := append([]byte{}, blocks...)
		if change := l.Of(texture); change != nil {
			layout.Recolour(seen, seen, dds.HeaderSize, change)
		}
		img, err := dds.Decode(layout, 0, seen)
		if err != nil {
			t.Fatal(err)
		}
		if !img.Opaque() {
			t.Errorf("look %d: there is something transparent", i)
		}
		draw.Draw(got, image.Rect(256*i, 0, 256*(i+1), 256), img, image.Point{}, draw.Src)
	}
	if *update {
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, got); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	different := 0
	for y := range 256 {
		for x := range got.Rect.Dx() {
			if r, g, b, _ := want.At(x, y).RGBA(); (color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}) != got.NRGBAAt(x, y) {
				different++
			}
		}
	}
	if want.Bounds() != got.Rect || different > 0 {
		t.Errorf("%d pixels differ from %s (go test ./internal/look -run Golden -update writes it anew)", different, file)
	}
}

package look

import (
	"image"
	"image/color"
	"testing"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// TestPaint: a picture of one colour has the colour that its texture has, but for what 565 leaves
// of it; where there is no imagery there is none afterwards.
func TestPaint(t *testing.T) {
	texture, err := tiles.ParseName("22912_35136_BI16")
	if err != nil {
		t.Fatal(err)
	}
	box := texture.Box()
	middle := func(int, int) (lat, lon float64) { return (box.North + box.South) / 2, (box.West + box.East) / 2 }
	softer, _, err := Load("softer")
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]*Look{
		"none": nil, "winter": {Season: &Season{Day: 15}}, "softer": softer,
		"snow": {Season: &Season{Day: 15, Snow: 1}, Colour: softer.Colour},
	} {
		t.Run(name, func(t *testing.T) {
			img := image.NewRGBA(image.Rect(0, 0, 12, 9))
			for x := range 11 { // nothing in the last column
				for y := range 9 {
					img.SetRGBA(x, y, color.RGBA{148, 130, 66, 255}) // a colour that 565 has
				}
			}
			l.Paint(img, middle)
			layout, level := dds.Layout{Format: dds.BC1, Side: 256}, 6 // of one block
			offset, _ := layout.Level(level)
			blocks := []byte{0x08, 0x94, 0x08, 0x94, 0, 0, 0, 0}
			if change := l.Of(texture); change != nil {
				layout.Recolour(blocks, blocks, offset, change)
			}
			want, err := dds.Decode(layout, level, blocks)
			if err != nil {
				t.Fatal(err)
			}
			got, is := img.RGBAAt(10, 8), want.NRGBAAt(0, 0)
			for i, d := range []int{int(got.R) - int(is.R), int(got.G) - int(is.G), int(got.B) - int(is.B)} {
				if d < -6 || d > 6 {
					t.Errorf("channel %d of %v, want that of %v", i, got, is)
				}
			}
			if img.RGBAAt(11, 3) != (color.RGBA{}) {
				t.Errorf("%v where there is no imagery", img.RGBAAt(11, 3))
			}
		})
	}
}

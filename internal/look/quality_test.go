package look

import (
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/xelpack/xelpack/internal/filter"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// imagery is 256 real chunks.
const imagery = "../../../shared/imagery/chunks"

// TestOnBlocksAndPixels: a look on the blocks of a picture is nearly as near to the look on its
// pixels as an encoding of these is. (Between the two is what two encodings differ by, some 38 dB.)
func TestOnBlocksAndPixels(t *testing.T) {
	if testing.Short() {
		t.Skip("the bounds are those of all 256 chunks: for the full suite")
	}
	files, err := filepath.Glob(filepath.Join(imagery, "*.jpg"))
	if err != nil || len(files) == 0 {
		t.Skip("no real imagery at ../shared/imagery beside the repository")
	}
	seasoned := func(share float64) func(pix []byte) {
		return func(pix []byte) {
			for i := 0; i+3 < len(pix); i += 4 {
				y := 0.212671*float64(pix[i]) + 0.715160*float64(pix[i+1]) + 0.072169*float64(pix[i+2])
				for ch := range 3 {
					pix[i+ch] = uint8(share*float64(pix[i+ch]) + (1-share)*y)
				}
			}
		}
	}
	strong, _, err := filter.Parse("levels 38 1 222 0 255 45 1 224 0 255 54 1 227 0 255\nsaturation -30")
	if err != nil {
		t.Fatal(err)
	}
	bright, _, err := filter.Parse("brightness-contrast -40 15")
	if err != nil {
		t.Fatal(err)
	}
	winter, spring := &Look{Season: &Season{Day: 15}}, &Look{Season: &Season{Day: 120}}
	softer, _, _ := Load("softer")
	much, _, _ := Load("much-softer")
	texture, err := tiles.ParseName("22912_35136_BI16")
	if err != nil {
		t.Fatal(err)
	}
	layout := dds.Layout{Format: dds.BC1, Side: 256}
	w := dds.NewWorker()
	defer func() { _ = w.Close() }()
	encoded := func(img *image.NRGBA) []byte {
		blocks, err := w.Encode(img, dds.BC1, dds.Good)
		if err != nil {
			t.Fatal(err)
		}
		return blocks
	}
	decoded := func(blocks []byte) []byte {
		img, err := dds.Decode(layout, 0, blocks)
		if err != nil {
			t.Fatal(err)
		}
		return img.Pix
	}
	for _, test := range []struct {
		name   string
		look   *Look
		pixels func(pix []byte)
		loss   float64 // dB
	}{
		{"softer", softer, softer.Colour, 1},
		{"much-softer", much, much.Colour, 1},
		{"winter", winter, seasoned(.55), 1},
		{"spring", spring, seasoned(.70), 1},
		{"brightness-contrast -40 15", &Look{Colour: bright.Apply}, bright.Apply, 1},
		{"PCN06's levels and saturation", &Look{Colour: strong.Apply}, strong.Apply, 1.5},
	} {
		var between, blocks, pixels, exact, n float64 // sums of squares
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			img, err := w.DecodeJPEG(text)
			if err != nil {
				t.Fatal(err)
			}
			onBlocks := encoded(img)
			onDecoded := slices.Clone(decoded(onBlocks)) // as if no colour were rounded
			test.pixels(onDecoded)
			layout.Recolour(onBlocks, onBlocks, dds.HeaderSize, test.look.Of(texture))
			test.pixels(img.Pix)
			a, b := decoded(onBlocks), decoded(encoded(img))
			for i, v := range img.Pix {
				if i%4 < 3 {
					between += square(a[i], b[i])
					blocks += square(a[i], v)
					pixels += square(b[i], v)
					exact += square(onDecoded[i], b[i])
					n++
				}
			}
		}
		psnr := func(sum float64) float64 { return 10 * math.Log10(255*255*n/sum) }
		t.Logf("%-30s on blocks %.1f dB, on pixels %.1f dB, between the two %.1f dB; unrounded %.1f dB",
			test.name, psnr(blocks), psnr(pixels), psnr(between), psnr(exact))
		if loss := psnr(pixels) - psnr(blocks); loss > test.loss {
			t.Errorf("%s: %.2f dB worse on blocks than on pixels, want %.2f at most", test.name, loss, test.loss)
		}
	}
}

func square(a, b byte) float64 {
	d := float64(a) - float64(b)
	return d * d
}

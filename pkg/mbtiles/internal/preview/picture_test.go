package preview

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/pkg/dds"
)

// An enlarged part is smooth, and meets its neighbours.
func TestCrop(t *testing.T) {
	t.Parallel()
	img := image.NewRGBA(image.Rect(0, 0, 256, 256))
	for y := range 256 {
		for x := range 256 {
			img.SetRGBA(x, y, color.RGBA{uint8(x), uint8(y), 7, 255})
		}
	}
	for _, parts := range []int{1, 2, 4} {
		for y := range parts {
			for x := range parts {
				got := crop(img, parts, x, y)
				for _, p := range []image.Point{{0, 0}, {1, 2}, {100, 50}, {255, 255}} {
					// Where the centre of the pixel lies in img, cut off at its outermost centres.
					at := func(i, n int) int {
						v := (float64(n*256+i)+0.5)/float64(parts) - 0.5
						return int(math.Round(min(max(v, 0), 255)))
					}
					want := color.RGBA{uint8(at(p.X, x)), uint8(at(p.Y, y)), 7, 255}
					if diff := cmp.Diff(want, got.RGBAAt(p.X, p.Y)); diff != "" {
						t.Errorf("%d parts, %d,%d at %v (-want +got):\n%s", parts, x, y, p, diff)
					}
				}
			}
		}
	}
}

// A quarter is the same picture at half the size, however its JPEG keeps colours.
func TestDrawQuarter(t *testing.T) {
	t.Parallel()
	rgb := image.NewRGBA(image.Rect(0, 0, Side, Side))
	full := image.NewYCbCr(rgb.Rect, image.YCbCrSubsampleRatio444)
	grey := image.NewGray(rgb.Rect)
	for y := range Side {
		for x := range Side {
			c := color.RGBA{uint8(x), uint8(y), uint8(255 - x), 255}
			rgb.SetRGBA(x, y, c)
			i := full.YOffset(x, y)
			full.Y[i], full.Cb[i], full.Cr[i] = color.RGBToYCbCr(c.R, c.G, c.B)
			grey.SetGray(x, y, color.Gray{uint8(x)})
		}
	}
	jpeg, err := encodeJPEG(rgb, 95)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := Decode(jpeg)
	if err != nil {
		t.Fatal(err)
	}
	for name, img := range map[string]image.Image{"RGB": rgb, "full colours": full, "grey": grey,
		"as a preview is kept": kept} {
		for q := range 4 {
			canvas := newCanvas()
			drawQuarter(canvas, q&1, q>>1, img)
			for _, at := range []image.Point{{4, 4}, {100, 20}, {20, 100}, {120, 120}} {
				got := color.RGBAModel.Convert(canvas.At(q&1*Side/2+at.X, q>>1*Side/2+at.Y)).(color.RGBA)
				want := color.RGBAModel.Convert(img.At(2*at.X, 2*at.Y)).(color.RGBA)
				for _, d := range []int{int(got.R) - int(want.R), int(got.G) - int(want.G),
					int(got.B) - int(want.B)} {
					if d < -6 || d > 6 {
						t.Errorf("%s, quarter %d: %v is %v, want %v", name, q, at, got, want)
						break
					}
				}
			}
			other := color.RGBAModel.Convert(canvas.At((1-q&1)*Side/2+9, q>>1*Side/2+9)).(color.RGBA)
			if d := int(other.R) - int(Ground.R); d < -2 || d > 2 {
				t.Errorf("%s, quarter %d: beside it there is %v", name, q, other)
			}
		}
	}
}

// The preview of a texture is what its pixels in RGB give: only sooner.
func TestOfLevel(t *testing.T) {
	t.Parallel()
	l := dds.Layout{Format: dds.BC3, Side: Side}
	_, n := l.Level(0)
	blocks := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(blocks) // never fails
	img, err := decodeLevel(l, 0, blocks)
	if err != nil {
		t.Fatal(err)
	}
	want, err := encodeJPEG(img, quality)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := OfLevel(l, 0, blocks); err != nil || !bytes.Equal(got, want) {
		t.Errorf("another picture, %v", err)
	}
}

package pack

import (
	"image"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/draw"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// A texture two levels deeper than its imagery, enlarged by us by two levels, one and none, and from
// there to the same size on the screen as a graphics card does it: smaller ones look like the largest.
// XELPACK_TEST_PICTURES=DIR writes the three beside each other.
func TestEnlargedByUsOrByTheCard(t *testing.T) {
	if testing.Short() {
		t.Skip("its figures need a whole texture: not with -short")
	}
	const zl, shown = 16, 512
	sample := fetchtest.Repeat(tiles.Chunk{Z: 16, X: 33660, Y: 23940}, 16, fetch.Sample())
	p := New(Options{Source: sample, MaxZL: zl - 2, Compression: mbtiles.Fast})
	defer func() { _ = p.Close() }()
	beside := image.NewNRGBA(image.Rect(0, 0, 3*shown, shown))
	var first *image.NRGBA
	for detail, least := range []float64{0, 42, 40} { // dB to the first
		built, err := p.Texture(t.Context(), tiles.Item{Texture: tiles.Texture{Row: 16 * 64, Col: 16 * 64, ZL: zl, Maptype: "X"},
			Detail: uint8(detail)})
		if err != nil {
			t.Fatal(err)
		}
		content, err := p.Encode(t.Context(), built.File)
		if err != nil {
			t.Fatal(err)
		}
		l := dds.Layout{Format: dds.BC1, Side: tiles.TexturePixels >> detail}
		img, err := dds.Decode(l, 0, built.File[dds.HeaderSize:][:l.Side*l.Side/2])
		if err != nil {
			t.Fatal(err)
		}
		// A quarter of its width, enlarged to that of the first.
		crop := image.Rect(0, 0, l.Side/4, l.Side/4)
		screen := image.NewNRGBA(image.Rect(0, 0, tiles.TexturePixels/4, tiles.TexturePixels/4))
		draw.BiLinear.Scale(screen, screen.Rect, img, crop, draw.Src, nil)
		draw.Draw(beside, image.Rect(detail*shown, 0, (detail+1)*shown, shown), screen, image.Pt(256, 256), draw.Src)
		if first == nil {
			first = screen
			t.Logf("enlarged by us by 2 levels: %d px, %d bytes stored", l.Side, content.Bytes())
		} else {
			db := psnr(first.Pix, screen.Pix)
			t.Logf("by %d: %d px, %d bytes stored, %.1f dB to the first", 2-detail, l.Side, content.Bytes(), db)
			if db < least {
				t.Errorf("%.1f dB, want at least %.0f", db, least)
			}
		}
		built.Release()
	}
	if dir := os.Getenv("XELPACK_TEST_PICTURES"); dir != "" {
		png, err := fetchtest.EncodePNG(beside)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "enlarged.png"), png, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

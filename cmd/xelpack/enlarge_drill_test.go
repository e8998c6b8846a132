//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/image/draw"

	"github.com/xelpack/xelpack/internal/measure"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/picture"
	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// TestDrillEnlarge: textures at ZL16 from a provider that ends at ZL14, as EOX does, with --enlarge
// 0, 1, 2 and 4: what they take of disk and processor, and how like the largest they look once the
// graphics card has enlarged them to the same size. The picture of the three beside each other is
// kept in the folder that $XELPACK_SHOTS_DIR names.
func TestDrillEnlarge(t *testing.T) {
	drill.SkipUnlessFull(t, "it packs many large textures, and compares times")
	const across, down = 4, 4
	bbox, _ := mosaicBox(across, down)
	images, what := farmland(), "invented imagery"
	if real, err := measure.SetC("../../../shared/imagery/chunks"); err == nil {
		images, what = real, "real imagery"
	}
	server := fetchtest.NewServer(fetchtest.Options{Image: images})
	t.Cleanup(server.Close)
	dir := t.TempDir()
	config := filepath.Join(dir, "xelpack")
	if err := errors.Join(os.Mkdir(config, 0o777), os.WriteFile(filepath.Join(config,
		"providers.toml"), fmt.Appendf(nil, "[[provider]]\nid = \"shallow\"\ntemplate = %q\n"+
		"licence = \"CC0\"\nmax_zl = 14\n", server.Template()), 0o666)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CONFIG_HOME", dir)

	type made struct {
		enlarge, requests int
		bytes             int64
		seconds, elapsed  float64
		shown             *image.NRGBA // a texture as large as the largest
	}
	var all []made
	for _, enlarge := range []int{4, 2, 1, 0} {
		m := made{enlarge: enlarge}
		archive := filepath.Join(dir, fmt.Sprint(enlarge, ".mbtiles"))
		cmd := command(t.Context(), t, "build", "--bbox", bbox, "--maptype", "XP", "--provider", "shallow",
			"--zoom", "16", "--enlarge", fmt.Sprint(enlarge), "--no-store", "--json", "-o", archive)
		begun := time.Now()
		out, err := cmd.Output()
		m.elapsed = time.Since(begun).Seconds()
		var r pack.Report
		if err := errors.Join(err, json.Unmarshal(out, &r)); err != nil || r.Built != across*down {
			t.Fatalf("%v: %s", err, out)
		}
		info, err := os.Stat(archive)
		if err != nil {
			t.Fatal(err)
		}
		used := cmd.ProcessState
		m.requests, m.bytes = int(r.Requests), info.Size()
		m.seconds = (used.UserTime() + used.SystemTime()).Seconds()
		m.shown = shown(t, archive)
		all = append(all, m)
	}
	largest := all[0]
	for _, m := range all {
		must, met := "", true
		psnr := ratio(largest.shown, m.shown)
		if m.enlarge == 1 { // the default
			must, met = "a third of the bytes of the first, 35 dB",
				3*m.bytes <= largest.bytes && psnr >= 35
		}
		drill.Row(t, fmt.Sprintf("%d textures of 16 chunks of %s, --enlarge %d", across*down, what, m.enlarge),
			must, fmt.Sprintf("%d requests, %d px, %.1f MB, %.1f s of a processor, %.1f s elapsed, %.1f dB",
				m.requests, tiles.TexturePixels>>max(2-m.enlarge, 0), float64(m.bytes)/1e6, m.seconds,
				m.elapsed, psnr), met)
	}
	beside(t, all[3].shown, all[2].shown, all[1].shown)
}

// shown returns a texture of an archive, enlarged to 4096 px as a graphics card does.
func shown(t *testing.T, archive string) *image.NRGBA {
	t.Helper()
	out := t.TempDir()
	cmd := command(t.Context(), t, "export", archive, out)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	file := filepath.Join(out, tiles.At(mosaicSquare, 16, "XP").String()+".dds")
	l, blocks, err := picture.ReadLevel(file, 0)
	if err != nil {
		t.Fatal(err)
	}
	img, err := dds.Decode(l, 0, blocks)
	if err != nil {
		t.Fatal(err)
	}
	whole := image.NewNRGBA(image.Rect(0, 0, tiles.TexturePixels, tiles.TexturePixels))
	draw.ApproxBiLinear.Scale(whole, whole.Rect, img, img.Rect, draw.Src, nil)
	return whole
}

// ratio is the PSNR of b beside a, in decibels.
func ratio(a, b *image.NRGBA) float64 {
	sum := 0.0
	for i := range a.Pix {
		d := float64(a.Pix[i]) - float64(b.Pix[i])
		sum += d * d // alpha is the same
	}
	return 10 * math.Log10(255*255*float64(len(a.Pix)/4*3)/sum)
}

// beside keeps a crop of pictures beside each other, for people to look at.
func beside(t *testing.T, pictures ...*image.NRGBA) {
	t.Helper()
	dir := os.Getenv("XELPACK_SHOTS_DIR")
	if dir == "" {
		return
	}
	const side = 600
	row := image.NewNRGBA(image.Rect(0, 0, side*len(pictures), side))
	for i, p := range pictures {
		draw.Draw(row, image.Rect(i*side, 0, (i+1)*side, side), p, image.Pt(1700, 1700), draw.Src)
	}
	f, err := os.Create(filepath.Join(dir, "enlarge-0-1-2.png"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(png.Encode(f, row), f.Close()); err != nil {
		t.Fatal(err)
	}
}

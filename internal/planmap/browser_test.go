package planmap

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/xelpack/xelpack/internal/testing/chromium"
	"github.com/xelpack/xelpack/internal/units"
)

// browse opens the page of m in a browser and returns what flags make it print.
func browse(t *testing.T, m Map, flags ...string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plan.html")
	if err := os.WriteFile(file, page(t, m), 0o666); err != nil {
		t.Fatal(err)
	}
	return chromium.Open(t, "file://"+file, flags...)
}

// The page's script runs to its end and draws every texture.
func TestBrowserDrawsThePlan(t *testing.T) {
	chromium.Find(t)
	for _, name := range []string{"worked", "antimeridian", "mixed"} {
		t.Run(name, func(t *testing.T) {
			m := plans[name](t)
			root := parsed(t, browse(t, m, "--dump-dom"))["html"][0]
			if message := attribute(root, "data-error"); message != "" {
				t.Fatalf("the script failed: %s", message)
			}
			if got := attribute(root, "data-drawn"); got != strconv.Itoa(len(m.Items)) {
				t.Errorf("the script drew %q textures, want %d", got, len(m.Items))
			}
			text := textOf(root)
			if want := units.Count(len(m.Items)); !strings.Contains(text, want) {
				t.Errorf("the page does not say %s", want)
			}
			for n := range root.Descendants() {
				if n.Type == html.ElementNode && n.Data == "canvas" && attribute(n, "width") == "" {
					t.Error("the canvas was never measured")
				}
			}
		})
	}
}

// What is seen is in the colours of the legend, on the light map and on the dark one.
func TestBrowserColours(t *testing.T) {
	chromium.Find(t)
	m := worked(t)
	for _, dark := range []bool{false, true} {
		t.Run(fmt.Sprintf("dark %v", dark), func(t *testing.T) {
			flags := []string{"--blink-settings=preferredColorScheme=1"}
			if dark {
				flags[0] = "--blink-settings=preferredColorScheme=0"
			}
			shot := filepath.Join(t.TempDir(), "shot.png")
			browse(t, m, append(flags, "--screenshot="+shot)...)
			file, err := os.ReadFile(shot)
			if err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			ground := []color.RGBA{sea, landColour}
			if dark {
				// --sea and --land of page.css
				ground = []color.RGBA{{13, 18, 24, 255}, {38, 43, 44, 255}}
			}
			for k := range uint8(5) {
				n := 0
				for _, g := range ground {
					n += count(img, over(colour(16, k, dark), g, 0.9))
				}
				if n < 3000 {
					t.Errorf("detail %d has %d pixels", k, n)
				}
			}
			for _, g := range ground {
				if n := count(img, g); n < 20_000 {
					t.Errorf("the ground %v has %d pixels", g, n)
				}
			}
		})
	}
}

// Over an archive's imagery colours are a tint, holes are hatched, and keys take away one layer or
// the other.
func TestBrowserArchive(t *testing.T) {
	chromium.Find(t)
	m := archive(t)
	root := parsed(t, browse(t, m, "--dump-dom"))["html"][0]
	if message := attribute(root, "data-error"); message != "" {
		t.Fatalf("the script failed: %s", message)
	}
	shot := filepath.Join(t.TempDir(), "shot.png")
	browse(t, m, "--blink-settings=preferredColorScheme=1", "--screenshot="+shot)
	file, err := os.ReadFile(shot)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	showsArchive(t, img)
}

// Textures of an archive are picked by a click or a key, not by a drag, for a command that replaces
// them; a reload keeps them. A plan has none to be picked.
func TestBrowserPicks(t *testing.T) {
	b := chromium.Drive(t, false)
	visit := func(m Map) {
		file := filepath.Join(t.TempDir(), "flight.html")
		if err := os.WriteFile(file, page(t, m), 0o666); err != nil {
			t.Fatal(err)
		}
		b.Visit("file://" + file)
	}
	visit(archive(t))
	said := func() (text string) {
		b.Run(&text, `const p = document.getElementById("picked"); return p.hidden ? "" : p.querySelector("code").textContent`)
		return text
	}
	want := func(when, want string) {
		t.Helper()
		if got := said(); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	var middle struct{ X, Y int }
	b.Run(&middle, `const r = document.getElementById("canvas").getBoundingClientRect();
		return {X: Math.round(r.x + r.width / 2), Y: Math.round(r.y + r.height / 2)}`)
	click := func(right, down int) {
		x, y := middle.X+right, middle.Y+down
		b.Drag(x, y, x, y)
	}
	const command = "xelpack replace flight.mbtiles --texture "
	want("at first", "")
	click(-60, -60)
	want("a click", command+"23936_33712_BI16 --provider ID")
	click(60, 60)
	want("another", command+"23936_33712_BI16,23952_33728_BI16 --provider ID")
	b.Picture("picked")
	b.Run(nil, `location.reload()`)
	b.Await("the reloaded page", `return document.documentElement.dataset.drawn === "4"`)
	want("reloaded", command+"23936_33712_BI16,23952_33728_BI16 --provider ID")
	b.Drag(middle.X+60, middle.Y-60, middle.X+90, middle.Y-30)
	want("a drag", command+"23936_33712_BI16,23952_33728_BI16 --provider ID")
	click(-30, -30) // the map was dragged by as much
	want("the first one again", command+"23952_33728_BI16 --provider ID")
	b.Run(nil, `document.getElementById("canvas").focus()`)
	b.Press("0p") // the middle belongs to the texture south-east of it
	want("the key", "")

	visit(worked(t))
	b.Drag(middle.X, middle.Y, middle.X, middle.Y)
	var failed string
	b.Run(&failed, `return document.documentElement.dataset.error || location.hash`)
	if failed != "" {
		t.Errorf("a click on a plan: %s", failed)
	}
}

func count(img image.Image, want color.RGBA) int {
	n := 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if alike(img.At(x, y), want) {
				n++
			}
		}
	}
	return n
}

package providers

import (
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const boxTemplate = "https://h/wms?VERSION=1.1.1&SRS=EPSG:3857&BBOX={bbox}&WIDTH={width}&HEIGHT={height}"

func TestTileGrid(t *testing.T) {
	for _, test := range []struct {
		name, keys string
		want       Provider // Kind, TilePx, MinZL, MaxZL
		says       string   // the error; empty: none
	}{
		{"tiles", `template = "https://h/{quadkey}"`,
			Provider{Kind: KindXYZ, TilePx: 256, MaxZL: 22}, ""},
		{"tiles of 512 px", `template = "https://h/{z}/{x}/{y}"
tile_px = 512
max_zl = 18`, Provider{Kind: KindXYZ, TilePx: 512, MinZL: 1, MaxZL: 18}, ""},
		{"levels by name are the tiles'", `template = "https://h/{zoom:,,a,b}/{x}/{y}"
tile_px = 1024`, Provider{Kind: KindXYZ, TilePx: 1024, MinZL: 4, MaxZL: 5}, ""},
		{"boxes", `template = "` + boxTemplate + `"`,
			Provider{Kind: KindWMS, TilePx: 2048, MinZL: 3, MaxZL: 22}, ""},
		{"boxes of a chunk", `template = "` + boxTemplate + `"
kind = "wms"
tile_px = 256`, Provider{Kind: KindWMS, TilePx: 256, MaxZL: 22}, ""},
		{"tile_px 300", `template = "https://h/{quadkey}"
tile_px = 300`, Provider{}, "provider 1 (a): tile_px 300: must be 256, 512, 1024 or 2048"},
		{"tile_px 0x1000", `template = "https://h/{quadkey}"
tile_px = 4096`, Provider{}, "tile_px 4096: must be 256"},
		{"tile_px -256", `template = "https://h/{quadkey}"
tile_px = -256`, Provider{}, "tile_px -256: must be 256"},
		{"tiles called boxes", `template = "https://h/{quadkey}"
kind = "wms"`, Provider{}, "kind wms: its template must contain {bbox}, {width} and {height}"},
		{"boxes called tiles", `template = "` + boxTemplate + `"
kind = "xyz"`, Provider{}, "kind xyz: {bbox}"},
		{"unknown kind", `template = "https://h/{quadkey}"
kind = "tms"`, Provider{}, `unknown kind "tms" (want xyz`},
		{"no level is left", `template = "https://h/{quadkey}"
tile_px = 2048
max_zl = 2`, Provider{}, "tiles of 2048 px have no chunk of zoom level 2"},
		{"an empty rule", `template = "https://h/{quadkey}"
no_imagery = [{ value = "1" }]`, Provider{}, "no_imagery: rule 1: it is empty (want header with value"},
		{"another host", `template = "https://h/{quadkey}"
headers = { host = "other" }`, Provider{}, "header Host: it is that of the template"},
		{"headers that are no table", `template = "https://h/{quadkey}"
headers = "Referer: secret"`, Provider{},
			`providers.toml: line 4: provider.headers must be a table of texts, such as {name = "value"}`},
		{"a rate in quotes", `template = "https://h/{quadkey}"
rate = "20"`, Provider{}, "providers.toml: line 4: provider.rate must be a number"},
		{"unknown colour", `template = "https://h/{quadkey}"
blank = ["white", "grey"]`, Provider{}, `line 4: unknown blank "grey" (want white`},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "providers.toml"),
				[]byte("[[provider]]\nid = \"a\"\n"+test.keys+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := Load(dir)
			if test.says != "" {
				if !errors.Is(err, ErrFile) || !strings.Contains(words.Of(err), test.says) {
					t.Errorf("%v, want an error that says %q", err, test.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			p, err := c.Lookup("a")
			if err != nil || p.Kind != test.want.Kind || p.TilePx != test.want.TilePx ||
				p.MinZL != test.want.MinZL || p.MaxZL != test.want.MaxZL {
				t.Errorf("%s of %d px, ZL %d to %d (%v), want %+v", p.Kind, p.TilePx, p.MinZL,
					p.MaxZL, err, test.want)
			}
		})
	}
}

// TestTile: the tile of a chunk is the same square of the map, or the one that it is a part of, and
// its address says its size.
func TestTile(t *testing.T) {
	c := tiles.Chunk{Z: 16, X: 33712, Y: 23957}
	for px, want := range map[int]tiles.Chunk{0: c, 256: c, 512: {Z: 15, X: 16856, Y: 11978},
		2048: {Z: 13, X: 4214, Y: 2994}} {
		p := Provider{Template: boxTemplate, TilePx: px}
		if got := p.Tile(c); got != want {
			t.Errorf("%d px: %s, want %s", px, got, want)
		}
	}
	p := Provider{Template: boxTemplate, TilePx: 1024}
	template, _, err := p.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	if u := template.URL(p.Tile(c), ""); !strings.HasSuffix(u, "&WIDTH=1024&HEIGHT=1024") {
		t.Error(u)
	}
	one, four := Provider{ID: "a", Template: boxTemplate, TilePx: 1024}, Provider{ID: "a",
		Template: boxTemplate}
	if one.StoreName() == four.StoreName() {
		t.Errorf("tiles of two sizes in one store, %s", one.StoreName())
	}
}

func TestColours(t *testing.T) {
	fill := func(r, g, b uint8) *image.NRGBA {
		img := image.NewNRGBA(image.Rect(0, 0, 512, 256))
		for i := 0; i < len(img.Pix); i += 4 {
			copy(img.Pix[i:], []byte{r, g, b, 255})
		}
		// of rows with more in them
		return img.SubImage(image.Rect(256, 0, 512, 256)).(*image.NRGBA)
	}
	spot := fill(255, 255, 255)
	spot.Pix[250*spot.Stride+250*4] = 200
	rimmed := fill(255, 255, 255)
	rimmed.Pix[255*rimmed.Stride+4] = 200
	for _, test := range []struct {
		colour string
		img    *image.NRGBA
		want   bool
	}{
		{"white", fill(255, 255, 255), true},
		{"white", fill(252, 254, 255), true}, // what JPEG makes of it
		{"white", fill(250, 250, 250), false},
		{"white", fill(0, 0, 0), false},
		{"white", spot, false},
		{"white", rimmed, true},
		{"black", fill(0, 0, 0), true},
		{"Black", fill(1, 3, 2), true},
		{"flat", fill(180, 200, 190), true},
		{"flat", spot, false},
		{"#b4c8be", fill(180, 200, 190), true},
		{"#b4c8be", fill(180, 200, 196), false},
	} {
		var c Colour
		if err := c.UnmarshalText([]byte(test.colour)); err != nil {
			t.Fatal(err)
		}
		if got := c.Fills(test.img); got != test.want {
			t.Errorf("%s of %v: %v", test.colour, test.img.Pix[:4], got)
		}
	}
	for _, text := range []string{"", "transparent", "#fff", "#ffffffff", "#fffffg", "ffffff"} {
		if err := new(Colour).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is a colour", text)
		}
	}
}

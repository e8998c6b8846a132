package providers

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// TestProviderTable holds the table against what it must be able to do.
func TestProviderTable(t *testing.T) {
	t.Setenv("MAPBOX_TOKEN", "tok")
	golden := map[string]string{ // z 3, x 3, y 5
		"eox":    "https://tiles.maps.eox.at/wmts/1.0.0/s2cloudless-2024_3857/default/g/3/5/3.jpg",
		"eox16":  "https://tiles.maps.eox.at/wmts/1.0.0/s2cloudless_3857/default/g/3/5/3.jpg",
		"lux":    "https://wmts1.geoportail.lu/opendata/wmts/ortho_latest/GLOBAL_WEBMERCATOR_4_V3/3/3/5.jpeg",
		"pnoa":   "https://tms-pnoa-ma.idee.es/1.0.0/pnoa-ma/3/3/2.jpeg",
		"gsi":    "https://cyberjapandata.gsi.go.jp/xyz/seamlessphoto/3/3/5.jpg",
		"gugik":  "https://mapy.geoportal.gov.pl/wss/service/PZGIK/ORTO/WMTS/StandardResolution?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=ORTOFOTOMAPA&STYLE=default&FORMAT=image/jpeg&TILEMATRIXSET=EPSG:3857&TILEMATRIX=EPSG:3857:3&TILEROW=5&TILECOL=3",
		"linz":   "https://basemaps.linz.govt.nz/v1/tiles/aerial/WebMercatorQuad/3/3/5.webp?api=tok",
		"bing":   "https://ecn.t0.tiles.virtualearth.net/tiles/a213.jpeg?g=15312",
		"mapbox": "https://api.mapbox.com/v4/mapbox.satellite/3/3/5.jpg?access_token=tok",
	}
	names := map[string]string{}
	for _, p := range BuiltIn() {
		for _, n := range p.names() {
			n = strings.ToLower(n)
			if other, taken := names[n]; taken && other != p.ID {
				t.Errorf("%s and %s are both called %s", other, p.ID, n)
			}
			names[n] = p.ID
		}
		if err := tiles.ValidMaptype(p.Code); err != nil {
			t.Errorf("%s: its code %q: %v", p.ID, p.Code, err)
		}
		if p.ID != strings.ToLower(p.ID) || p.Name == "" || p.Licence == "" || p.Attribution == "" || p.Coverage == "" || p.MinZL > p.MaxZL {
			t.Errorf("incomplete: %+v", p)
		}
		if p.ID == SampleID {
			continue
		}
		template, tok, err := p.Resolve(func(string) string { return "tok" })
		if err != nil {
			t.Fatal(err)
		}
		if golden[p.ID] == "" {
			continue
		}
		if got := template.URL(tiles.Chunk{Z: 3, X: 3, Y: 5}, tok); got != golden[p.ID] {
			t.Errorf("%s: %s, want %s", p.ID, got, golden[p.ID])
		}
		delete(golden, p.ID)
	}
	if len(golden) > 0 {
		t.Errorf("missing: %v", golden)
	}
}

func TestLookup(t *testing.T) {
	for _, test := range []struct{ name, id, code string }{
		{"eox", "eox", "EOX"},
		{"EOX", "eox", "EOX"},
		{"bing", "bing", "BI"},
		{"bi", "bing", "BI"},
		{"Sp", "pnoa", "SP"},
		{"arc", "arcgis", "ARC"},
		{"lux", "lux", "Lux"},
		{"sample", SampleID, "SAMPLE"},
		{"https://Tiles.Example.org:8443/{z}/{x}/{y}.jpg", "tiles.example.org", BareCode},
		{"http://{switch:a,b}.example.org/{quadkey}", "a.example.org", BareCode},
		{"http://[::1]:80/{z}/{x}/{y}", "::1", BareCode},
	} {
		p, err := Lookup(test.name)
		if err != nil || p.ID != test.id || p.Code != test.code {
			t.Errorf("Lookup(%q) = %s, %s, %v, want %s, %s", test.name, p.ID, p.Code, err, test.id, test.code)
		}
	}
	p, err := Lookup("https://h/{z}/{x}/{y}")
	if err != nil || p.MinZL != 0 || p.MaxZL != 22 || p.Terms.MayPassOn() || p.Licence != "unknown" || p.Template != "https://h/{z}/{x}/{y}" {
		t.Errorf("a bare template is %+v, %v", p, err)
	}
}

func TestUnknownProvider(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.txt")
	if err := os.WriteFile(file, []byte("url_template=x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, says, not string }{
		{"bingg", `did you mean "bing"`, ""},
		{"ARCGS", `did you mean "arcgis"`, ""},
		{"mapbx", `did you mean "mapbox"`, ""},
		{"nowhere at all", "known are eox (EOX), eox16 (EOXO)", "did you mean"},
		{"", "known are", "did you mean"},
		{"x", "known are", "did you mean"},
		{file, "mbtiles:FILE can be named", "did you mean"},
	} {
		_, err := Lookup(test.name)
		if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), test.says) || test.not != "" && strings.Contains(err.Error(), test.not) {
			t.Errorf("Lookup(%q): %v, want ErrUnknown that says %q and not %q", test.name, err, test.says, test.not)
		}
	}
	if _, err := Lookup("ftp://h/{z}/{x}/{y}"); !errors.Is(err, ErrTemplate) {
		t.Errorf("%v, want ErrTemplate", err)
	}
}

func TestTokens(t *testing.T) {
	for _, name := range []string{"MAPBOX_TOKEN", "XELPACK_TOKEN_MAPBOX", "XELPACK_TOKEN_API_EXAMPLE_ORG"} {
		t.Setenv(name, "")
	}
	const bare = "https://api.example.org/{z}/{x}/{y}?k={token}"
	for name, says := range map[string]string{"mapbox": "MAPBOX_TOKEN or XELPACK_TOKEN_MAPBOX", bare: "XELPACK_TOKEN_API_EXAMPLE_ORG"} {
		if _, err := Lookup(name); !errors.Is(err, ErrToken) || !strings.Contains(err.Error(), says) {
			t.Errorf("Lookup(%q) without a token: %v, want ErrToken that names %s", name, err, says)
		}
	}
	t.Setenv("XELPACK_TOKEN_API_EXAMPLE_ORG", " b ")
	t.Setenv("XELPACK_TOKEN_MAPBOX", "second")
	for _, want := range []string{"second", "first"} {
		p, err := Lookup("mapbox")
		if err != nil {
			t.Fatal(err)
		}
		if _, tok, err := p.Resolve(nil); err != nil || tok != want {
			t.Errorf("the token is %q, %v, want %q", tok, err, want)
		}
		t.Setenv("MAPBOX_TOKEN", "first")
	}
	p, err := Lookup(bare)
	if err != nil {
		t.Fatal(err)
	}
	if _, tok, err := p.Resolve(nil); err != nil || tok != "b" {
		t.Errorf("the token is %q, %v", tok, err)
	}
}

func TestNoImageryRules(t *testing.T) {
	header := http.Header{"X-Ve-Tile-Info": {"No-Tile"}}
	body := []byte("hello")
	for _, test := range []struct {
		name string
		rule NoImageryRule
		want bool
	}{
		{"nothing set", NoImageryRule{}, false},
		{"header", NoImageryRule{Header: "x-ve-tile-info", Value: "no-tile"}, true},
		{"header with another value", NoImageryRule{Header: "X-VE-Tile-Info", Value: "tile"}, false},
		{"header absent", NoImageryRule{Header: "X-Other", Value: "no-tile"}, false},
		{"size", NoImageryRule{Size: 5}, true},
		{"another size", NoImageryRule{Size: 6}, false},
		{"hash", NoImageryRule{MD5: "5d41402abc4b2a76b9719d911017c592"}, true},
		{"another hash", NoImageryRule{MD5: "00000000000000000000000000000000"}, false},
		{"all", NoImageryRule{Header: "X-VE-Tile-Info", Value: "no-tile", Size: 5, MD5: "5d41402abc4b2a76b9719d911017c592"}, true},
		{"all but the size", NoImageryRule{Header: "X-VE-Tile-Info", Value: "no-tile", Size: 4, MD5: "5d41402abc4b2a76b9719d911017c592"}, false},
	} {
		if got := test.rule.Match(header, body); got != test.want {
			t.Errorf("%s: %t, want %t", test.name, got, test.want)
		}
	}
}

func TestStoreName(t *testing.T) {
	name := func(s string) string {
		p, err := Lookup(s)
		if err != nil {
			t.Fatal(err)
		}
		return p.StoreName()
	}
	a, b := name("https://host/a/{z}/{x}/{y}"), name("https://host/b/{z}/{x}/{y}")
	if a == b || !strings.HasPrefix(a, "host-") || !strings.HasPrefix(name("eox"), "eox-") || name("sample") != "" {
		t.Errorf("%q, %q, %q, %q", a, b, name("eox"), name("sample"))
	}
}

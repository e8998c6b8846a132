package catalogue

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/pkg/tiles"
)

func textures(t testing.TB, names ...string) []tiles.Texture {
	t.Helper()
	var list []tiles.Texture
	for _, name := range names {
		texture, err := tiles.ParseName(name + ".dds")
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, texture)
	}
	return list
}

func of(t testing.TB, file string, zl, k string, names ...string) Archive {
	return Archive{File: file, Bytes: 1, Digest: strings.Repeat("0a", 32),
		Format: 2, Root: strings.Repeat("0b", 32), Textures: len(names),
		ByZL: map[string]int{zl: len(names)}, ByDetail: map[string]int{k: len(names)},
		Area: SquaresOf(slices.Values(textures(t, names...))).Area()}
}

func good(t testing.TB) Catalogue {
	return Catalogue{Version: Version, Title: "Alps", Archives: []Archive{
		of(t, "a.mbtiles", "16", "0", "23952_33712_BI16", "23952_33728_BI16"),
		of(t, "b.mbtiles", "16", "2", "23952_33712_BI16"),
		of(t, "c.mbtiles", "18", "0", "95808_134848_BI18"),
	}}
}

func TestTextAndParse(t *testing.T) {
	c := good(t)
	c.Archives[0].Mirrors = []string{"https://example.com/x/a.mbtiles"}
	text, err := c.Text()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(text)
	if diff := cmp.Diff(c, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	// What a later xelpack adds within the version does not hurt.
	if _, err := Parse([]byte(strings.Replace(string(text), `"title"`, `"new": [1], "title"`,
		1))); err != nil {
		t.Error(err)
	}
}

// A catalogue is from a stranger.
func TestParseRefuses(t *testing.T) {
	text, err := good(t).Text()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, old, new string
		want           error
		words          string
	}{
		{"web page", string(text), "<!DOCTYPE html><p>log in", ErrNotCatalogue, "a web page"},
		{"nothing", string(text), "", ErrNotCatalogue, ""},
		{"cut", string(text), string(text[:len(text)/2]), ErrNotCatalogue, ""},
		{"other JSON", string(text), `{"a":1}`, ErrNotCatalogue, "no version"},
		{"version 0", `"xelpack_catalogue":1`, `"xelpack_catalogue":0`, ErrNotCatalogue, ""},
		{"later version", `"xelpack_catalogue":1`, `"xelpack_catalogue":2`, ErrVersion, "2"},
		{"too large", "Alps", strings.Repeat("x", MaxBytes), ErrTooLarge, "34 MB"},
		{"parent", "b.mbtiles", "../b.mbtiles", ErrHostile, "outside"},
		{"absolute", "b.mbtiles", "/etc/b.mbtiles", ErrHostile, "outside"},
		{"Windows", "b.mbtiles", `..\\b.mbtiles`, ErrHostile, "outside"},
		{"drive", "b.mbtiles", `c:b.mbtiles`, ErrHostile, "plain"},
		{"other host", "b.mbtiles", "https://example.com/b.mbtiles", ErrHostile, "another host"},
		{"no scheme", "b.mbtiles", "//example.com/b.mbtiles", ErrHostile, "another host"},
		{"hidden", "b.mbtiles", ".b.mbtiles", ErrHostile, "plain"},
		{"flag", "b.mbtiles", "-b.mbtiles", ErrHostile, "plain"},
		{"part", "b.mbtiles", "b.mbtiles.part", ErrHostile, ".mbtiles"},
		{"twice", "b.mbtiles", "A.MBTILES", ErrHostile, "twice"},
		{"escape", "Alps", `\u001b[2J`, ErrHostile, "control"},
		{"turned", "Alps", `\u202eAlps`, ErrHostile, "control"},
		{"digest", "0a0a", "0a", ErrNotCatalogue, "64"},
		{"no root", `"root":"`, `"rout":"`, ErrNotCatalogue, "root"},
		{"format", `"format":2`, `"format":0`, ErrNotCatalogue, "positive"},
		{"bytes", `"bytes":1`, `"bytes":-1`, ErrNotCatalogue, "positive"},
		{"type", `"bytes":1`, `"bytes":"1"`, ErrNotCatalogue, ""},
		{"no area", `"MultiPolygon"`, `"Point"`, ErrNotCatalogue, "area"},
		{"far", "[[[[", "[[[[9", ErrNotCatalogue, "area"},
		{"mirror", `"textures":1`, `"textures":1,"mirrors":["ftp://h/b.mbtiles"]`, ErrNotCatalogue,
			"mirror"},
		{"mirror of another file", `"textures":1`, `"textures":1,"mirrors":["http://h/x.mbtiles"]`,
			ErrNotCatalogue, "mirror"},
		{"mirror with a name", `"textures":1`,
			`"textures":1,"mirrors":["http://me@h/b.mbtiles"]`, ErrNotCatalogue, "without user name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changed := strings.Replace(string(text), tt.old, tt.new, 1)
			if changed == string(text) {
				t.Fatalf("the catalogue has no %q", tt.old)
			}
			_, err := Parse([]byte(changed))
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("%v, want %v with %q", err, tt.want, tt.words)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	text, err := good(f).Text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"xelpack_catalogue":1,"archives":[{"file":"a.mbtiles"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		for _, a := range c.Covering(nil) {
			if len(a.Boxes()) == 0 || strings.ContainsAny(a.File, `/\:`) {
				t.Errorf("accepted %q with %d boxes", a.File, len(a.Boxes()))
			}
		}
		again, err := c.Text()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(again); err != nil {
			t.Errorf("what was read cannot be read again: %v", err)
		}
	})
}

func TestCoveringIsFinestFirst(t *testing.T) {
	c := good(t)
	names := func(list []Archive) (names []string) {
		for _, a := range list {
			names = append(names, a.File)
		}
		return names
	}
	for bbox, want := range map[string][]string{
		"":                {"c.mbtiles", "a.mbtiles", "b.mbtiles"},
		"5.2,43.5,5.3,44": {"c.mbtiles", "a.mbtiles", "b.mbtiles"},
		"10,50,11,51":     nil,
	} {
		var regions tiles.Union
		if bbox != "" {
			r, err := tiles.ParseBBox(bbox)
			if err != nil {
				t.Fatal(err)
			}
			regions = tiles.Union{r}
		}
		if diff := cmp.Diff(want, names(c.Covering(regions))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", bbox, diff)
		}
	}
}

// The area covers every texture, whatever was left out to keep it small.
func TestAreaCoversEveryTexture(t *testing.T) {
	scattered := []tiles.Texture{}
	for i := range uint32(5000) {
		scattered = append(scattered, tiles.Texture{Row: 16 * (i * 7919 % 4096),
			Col: 16 * (i * 104729 % 4096), ZL: 16, Maptype: "BI"})
	}
	for name, list := range map[string][]tiles.Texture{
		"one":       textures(t, "23952_33712_BI16"),
		"levels":    textures(t, "23952_33712_BI16", "95808_134848_BI18", "1488_2096_BI12"),
		"world":     textures(t, "0_0_BI04", "0_0_BI20"),
		"scattered": scattered,
	} {
		t.Run(name, func(t *testing.T) {
			s := SquaresOf(slices.Values(list))
			a := Archive{Area: s.Area()}
			if err := a.checkArea(); err != nil || len(s.Runs) > maxRuns {
				t.Fatalf("%d runs, %v", len(s.Runs), err)
			}
			covered := func(p orb.Point) bool {
				return slices.ContainsFunc(a.Boxes(), func(b tiles.Box) bool {
					return p.Lon() > b.West && p.Lon() < b.East && p.Lat() > b.South && p.Lat() < b.North
				})
			}
			overlap := 0
			for i, b := range a.Boxes() {
				for _, c := range a.Boxes()[:i] {
					if b.West < c.East && c.West < b.East && b.South < c.North && c.South < b.North {
						overlap++
					}
				}
			}
			if overlap > 0 {
				t.Errorf("%d rectangles overlap", overlap)
			}
			for _, texture := range list {
				b := texture.Box()
				for _, p := range [...]orb.Point{texture.Center(),
					{b.West + (b.East-b.West)/9, b.South + (b.North-b.South)/9},
					{b.East - (b.East-b.West)/9, b.North - (b.North-b.South)/9}} {
					if !covered(p) {
						t.Fatalf("%v of %v is not covered", p, texture)
					}
				}
			}
		})
	}
}

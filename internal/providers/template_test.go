package providers

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestTemplates(t *testing.T) {
	at := tiles.Chunk{Z: 3, X: 3, Y: 5}
	for _, test := range []struct{ name, template, want string }{
		{"xyz", "https://h/{z}/{x}/{y}.jpg", "https://h/3/3/5.jpg"},
		{"zoom is z", "https://h/{zoom}/{x}/{y}.jpg", "https://h/3/3/5.jpg"},
		{"from the south", "http://h/{z}/{x}/{-y}.jpg", "http://h/3/3/2.jpg"},
		{"quadkey", "https://h/a{quadkey}.jpeg?g=1", "https://h/a213.jpeg?g=1"},
		{"switch of one", "https://s{switch:7}.h/{z}/{x}/{y}", "https://s7.h/3/3/5"},
		// (3+5) mod 3
		{"switch by place", "https://{switch:a,b,c}.h/{z}/{x}/{y}", "https://c.h/3/3/5"},
		{"token", "https://h/{z}/{x}/{y}?key={token}", "https://h/3/3/5?key=T"},
		{"in the query", "https://h/?TileMatrix={z}&TileCol={x}&TileRow={y}",
			"https://h/?TileMatrix=3&TileCol=3&TileRow=5"},
		{"levels by name", "https://h/{zoom:,,02,EPSG:3}/{x}/{y}", "https://h/EPSG:3/3/5"},
		{"metres", "https://h/?x={xcenter}&y={ycenter}&s={size}",
			"https://h/?x=-2504688.542848654&y=-7514065.628545966&s=5009377"},
		{"blanks round choices", "https://{switch: a , b }.h/{z}/{x}/{y}", "https://a.h/3/3/5"},
		{"not ASCII", "https://h/ortho photo/é/{z}/{x}/{y}?a=ü b",
			"https://h/ortho%20photo/%C3%A9/3/3/5?a=%C3%BC%20b"},
		{"escaped already", "https://h/EPSG%3A3857/{z}/{x}/{y}", "https://h/EPSG%3A3857/3/3/5"},
		{"Yandex on the web's grid",
			"https://core-sat.maps.yandex.net/tiles?x={x}&y={y}&z={z}&projection=web_mercator",
			"https://core-sat.maps.yandex.net/tiles?x=3&y=5&z=3&projection=web_mercator"},
		{"box",
			"https://h/?SERVICE=WMS&VERSION=1.3.0&CRS=EPSG:3857&BBOX={bbox}&WIDTH={width}&HEIGHT={height}",
			"https://h/?SERVICE=WMS&VERSION=1.3.0&CRS=EPSG:3857&BBOX=-5009377.085697312,-10018754.17139462,0,-5009377.085697312&WIDTH=256&HEIGHT=256"},
		{"twice", "https://h/{x}/{x}/{y}/{z}", "https://h/3/3/5/3"},
		{"upper-case scheme", "HTTPS://Host:8080/{z}/{x}/{y}", "HTTPS://Host:8080/3/3/5"},
		{"address in brackets", "http://[::1]:80/{z}/{x}/{y}", "http://[::1]:80/3/3/5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			parsed, err := parseTemplate(test.template)
			if err != nil {
				t.Fatal(err)
			}
			if got := parsed.URL(at, "T"); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestSwitchUsesAllItsChoices(t *testing.T) {
	parsed, err := parseTemplate("https://{switch:0,1,2,3}.h/{quadkey}")
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for x := range uint32(16) {
		for y := range uint32(16) {
			c := tiles.Chunk{Z: 16, X: x, Y: y}
			u := parsed.URL(c, "")
			if again := parsed.URL(c, ""); again != u {
				t.Fatalf("%s, then %s, for one chunk", u, again)
			}
			counts[u[len("https://"):][:1]]++
		}
	}
	for choice, n := range counts {
		if n != 64 || len(counts) != 4 {
			t.Errorf("choice %s was made %d times of 256", choice, n)
		}
	}
}

func TestBadTemplates(t *testing.T) {
	for _, test := range []struct{ name, template, says string }{
		{"empty", "", "identify the chunk"},
		{"no placeholder", "https://h/a.jpg", "identify the chunk"},
		{"no zoom", "https://h/{x}/{y}", "identify the chunk"},
		{"box without a size", "https://h/?SRS=EPSG:3857&BBOX={bbox}", "belong together"},
		{"size without a box", "https://h/{z}/{x}/{y}?WIDTH={width}&HEIGHT={height}",
			"belong together"},
		{"box in degrees",
			"https://h/?VERSION=1.1.1&SRS=EPSG:4326&BBOX={bbox}&WIDTH={width}&HEIGHT={height}",
			"SRS=EPSG:4326: another projection"},
		{"box in escaped Lambert",
			"https://h/?version=1.3.0&crs=EPSG%3A2154&BBOX={bbox}&WIDTH={width}&HEIGHT={height}",
			"CRS=EPSG:2154: another projection"},
		{"WMS 1.3.0 with SRS",
			"https://h/?VERSION=1.3.0&SRS=EPSG:3857&BBOX={bbox}&WIDTH={width}&HEIGHT={height}",
			"WMS 1.3.0 needs CRS=EPSG:3857"},
		{"WMS 1.1.1 with CRS",
			"https://h/?VERSION=1.1.1&CRS=EPSG:3857&BBOX={bbox}&WIDTH={width}&HEIGHT={height}",
			"WMS 1.1.1 needs SRS=EPSG:3857"},
		{"box in who knows what", "https://h/?BBOX={bbox}&WIDTH={width}&HEIGHT={height}",
			"it needs CRS=EPSG:3857"},
		{"exportImage without imageSR",
			"https://h/exportImage?bbox={bbox}&bboxSR=3857&size={width},{height}", "imageSR=3857"},
		{"no row", "https://h/{z}/{x}", "identify the chunk"},
		{"unknown", "https://h/{z}/{x}/{y}/{foo}", "{foo}"},
		{"case matters", "https://h/{Z}/{x}/{y}", "{Z}"},
		{"open brace", "https://h/{z}/{x}/{y", "brace"},
		{"stray brace", "https://h/{z}/{x}/{y}}", "brace"},
		{"brace in brace", "https://h/{z{x}}/{y}", "brace"},
		{"empty placeholder", "https://h/{}/{z}/{x}/{y}", "{}"},
		{"empty switch", "https://{switch:}.h/{z}/{x}/{y}", "empty choice"},
		{"empty choice", "https://{switch:a,}.h/{z}/{x}/{y}", "empty choice"},
		{"levels twice", "https://h/{zoom:a,b}/{zoom:a,b}/{x}/{y}", "twice"},
		{"two levels of a name", "https://h/{zoom:a,b,a}/{x}/{y}", `"a"`},
		{"a level is missing", "https://h/{zoom:a,,b}/{x}/{y}", "empty only for those before"},
		{"no last level", "https://h/{zoom:a,}/{x}/{y}", "empty only for those before"},
		{"no level", "https://h/{zoom:}/{x}/{y}", "empty only for those before"},
		{"metres without a size", "https://h/{xcenter}/{ycenter}", "identify the chunk"},
		{"Yandex", "https://sat04.maps.yandex.net/tiles?l=sat&x={x}&y={y}&z={z}", "EPSG:3395"},
		{"ftp", "ftp://h/{z}/{x}/{y}", "http"},
		{"file", "file:///tmp/{z}/{x}/{y}", "http"},
		{"no scheme", "h/{z}/{x}/{y}", "http"},
		{"no host", "https:///{z}/{x}/{y}", "no host"},
		{"only a port", "https://:80/{z}/{x}/{y}", "no host"},
		{"chunk in the host", "https://{x}.h/{z}/{y}/{x}", "host"},
		{"choice that ends the host", "https://{switch:a,#}#{quadkey}", "host"},
		{"token in the host", "https://{token}.h/{z}/{y}/{x}", "host"},
		{"control character", "https://h/{z}/{x}/{y}\n", "not a URL"},
		{"bad port", "https://h:a/{z}/{x}/{y}", "host"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseTemplate(test.template)
			if !errors.Is(err, ErrTemplate) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v, want ErrTemplate about %q", err, test.says)
			}
		})
	}
}

func TestTemplateErrorsHideSecrets(t *testing.T) {
	for _, template := range []string{
		"https://user:s3cret@h/{z}/{x}/{y}/{what}",
		"https://h/{z}/{x}/{y}?key=s3cret&{what}",
		"https://h/{z}/{x}?key=s3cret",
		"https://h/{what}#s3cret",
	} {
		if _, err := parseTemplate(template); err == nil ||
			strings.Contains(err.Error(), "s3cret") {
			t.Errorf("parseTemplate(%q): %v", template, err)
		}
	}
}

// FuzzTemplate: whatever is accepted gives URLs of the host that was promised, which differ from
// chunk to chunk.
func FuzzTemplate(f *testing.F) {
	for _, p := range BuiltIn() {
		f.Add(p.Template)
	}
	f.Add("http://{switch:a,b}:80/{z}/{x}/{-y}?{token}")
	f.Add("http://a@b/{quadkey}{")
	f.Fuzz(func(t *testing.T, s string) {
		parsed, err := parseTemplate(s)
		if err != nil {
			if !errors.Is(err, ErrTemplate) {
				t.Errorf("%v is not ErrTemplate", err)
			}
			return
		}
		seen := map[string]bool{}
		for _, c := range []tiles.Chunk{{}, {Z: 1, X: 1}, {Z: 1, Y: 1},
			{Z: 22, X: 1<<22 - 1, Y: 1 << 21}} {
			got := parsed.URL(c, "tok")
			u, err := url.Parse(got)
			if err != nil {
				t.Fatalf("%q gives %q: %v", s, got, err)
			}
			if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
				t.Errorf("%q gives %q", s, got)
			}
			if seen[got] {
				t.Errorf("%q gives %q for two chunks", s, got)
			}
			seen[got] = true
		}
	})
}

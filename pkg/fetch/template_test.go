package fetch

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
		{"switch by place", "https://{switch:a,b,c}.h/{z}/{x}/{y}", "https://c.h/3/3/5"}, // (3+5) mod 3
		{"token", "https://h/{z}/{x}/{y}?key={token}", "https://h/3/3/5?key=T"},
		{"in the query", "https://h/?TileMatrix={z}&TileCol={x}&TileRow={y}", "https://h/?TileMatrix=3&TileCol=3&TileRow=5"},
		{"twice", "https://h/{x}/{x}/{y}/{z}", "https://h/3/3/5/3"},
		{"upper-case scheme", "HTTPS://Host:8080/{z}/{x}/{y}", "HTTPS://Host:8080/3/3/5"},
		{"address in brackets", "http://[::1]:80/{z}/{x}/{y}", "http://[::1]:80/3/3/5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			parsed, err := parseTemplate(test.template)
			if err != nil {
				t.Fatal(err)
			}
			if got := parsed.url(at, "T"); got != test.want {
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
			u := parsed.url(c, "")
			if again := parsed.url(c, ""); again != u {
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
		{"empty", "", "which chunk"},
		{"no placeholder", "https://h/a.jpg", "which chunk"},
		{"no zoom", "https://h/{x}/{y}", "which chunk"},
		{"no row", "https://h/{z}/{x}", "which chunk"},
		{"unknown", "https://h/{z}/{x}/{y}/{foo}", "{foo}"},
		{"case matters", "https://h/{Z}/{x}/{y}", "{Z}"},
		{"open brace", "https://h/{z}/{x}/{y", "brace"},
		{"stray brace", "https://h/{z}/{x}/{y}}", "brace"},
		{"brace in brace", "https://h/{z{x}}/{y}", "brace"},
		{"empty placeholder", "https://h/{}/{z}/{x}/{y}", "{}"},
		{"empty switch", "https://{switch:}.h/{z}/{x}/{y}", "empty choice"},
		{"empty choice", "https://{switch:a,}.h/{z}/{x}/{y}", "empty choice"},
		{"ftp", "ftp://h/{z}/{x}/{y}", "http"},
		{"file", "file:///tmp/{z}/{x}/{y}", "http"},
		{"no scheme", "h/{z}/{x}/{y}", "http"},
		{"no host", "https:///{z}/{x}/{y}", "no host"},
		{"only a port", "https://:80/{z}/{x}/{y}", "no host"},
		{"chunk in the host", "https://{x}.h/{z}/{y}/{x}", "host"},
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
		if _, err := parseTemplate(template); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("parseTemplate(%q): %v", template, err)
		}
	}
}

// FuzzTemplate: whatever is accepted gives URLs of the host that was promised, which differ from chunk to chunk.
func FuzzTemplate(f *testing.F) {
	for _, p := range Providers() {
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
		for _, c := range []tiles.Chunk{{}, {Z: 1, X: 1}, {Z: 1, Y: 1}, {Z: 22, X: 1<<22 - 1, Y: 1 << 21}} {
			got := parsed.url(c, "tok")
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

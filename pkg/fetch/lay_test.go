package fetch

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseDict(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"": nil, "None": nil, "{}": {},
		`{'User-Agent': 'a, b: {c}', "Referer":"https://h/it's",}`: {"User-Agent": "a, b: {c}", "Referer": "https://h/it's"},
		`{ 'a' : 'b\'c\\d' }`: {"a": `b'c\d`},
	} {
		got, err := parseDict(text)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("parseDict(%s) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"{", "{'a'}", "{'a':}", "{'a':'b'", "{'a':'b' 'c':'d'}", "{'a':b}", "{'a':1}", "{,}", `{'a':'\x41'}`, "{'a':'b'} + x", "dict(a='b')",
		"__import__('os').system('true')", "{'a': open('/etc/passwd').read()}", "{'a':'b'+'c'}", `{'a':'b\`,
	} {
		if got, err := parseDict(text); err == nil {
			t.Errorf("parseDict(%s) = %v, want an error", text, got)
		}
	}
}

func FuzzParseDict(f *testing.F) {
	f.Add(`{'User-Agent': "x"}`)
	f.Fuzz(func(t *testing.T, text string) { _, _ = parseDict(text) })
}

func TestParseLay(t *testing.T) {
	p, err := parseLay("My_Prov", []byte("# a comment\r\nrequest_type=wmts\r\ngrid_type=webmercator\r\n"+
		"url_template=https://{switch:a,b}.example.org/{zoom}/{x}/{-y}.png\r\nfake_headers={'User-Agent':'x','Accept-Encoding':'gzip'}\r\nmax_zl=19\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if p.ID != "my_prov" || p.Code != "My_Prov" || p.MaxZL != 19 || !cmp.Equal(p.Headers, map[string]string{"User-Agent": "x"}) || p.Redistributable {
		t.Errorf("%+v", p)
	}
	for text, says := range map[string]string{
		"": "request_type",
		"request_type=wms\nurl_template=https://h/{x}/{y}/{z}":                                                  "only tms and wmts",
		"request_type=tms\ngrid_type=webmercator":                                                               "no url_template",
		"request_type=tms\ngrid_type=EPSG25832\nurl_template=https://h/{x}/{y}/{z}":                             "reprojection",
		"request_type=tms\nepsg_code=2154\nurl_template=https://h/{x}/{y}/{z}":                                  "reprojection",
		"request_type=tms\ngrid_type=webmercator\nurl_template=https://h/{lat}":                                 "{lat}",
		"request_type=tms\ngrid_type=webmercator\nurl_template=https://h/{x}/{y}/{z}\nfake_headers=open('x')":   "fake_headers",
		"request_type=tms\ngrid_type=webmercator\nurl_template=https://h/{x}/{y}/{z}\nfake_headers={'a b':'c'}": "cannot be sent",
		"request_type=tms\ngrid_type=webmercator\nurl_template=https://h/{x}/{y}/{z}\nmax_zl=deep":              "max_zl",
	} {
		if _, err := parseLay("x", []byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want an error that says %q", text, err, says)
		}
	}
}

func TestLoadCatalogue(t *testing.T) {
	load := func(text string) (*Catalogue, error) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "providers.toml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return LoadCatalogue(dir)
	}
	c, err := load(`
[tokens]
mapbox = "hunter2"
[[provider]]
id = "Mine"
code = "MY"
template = "https://h/{z}/{x}/{y}?k={token}"
token = "secret"
no_imagery = [{header = "X-None", value = "1"}, {size = 77}]
`)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := c.Lookup("my"); err != nil || p.ID != "mine" || len(p.NoImagery) != 2 || c.Token("mine") != "secret" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := c.Lookup("mapbox"); err != nil && os.Getenv("MAPBOX_TOKEN") == "" {
		t.Errorf("with a token in the file: %v", err)
	}
	for text, says := range map[string]string{
		"token = hunter2": "line 1",
		"[[provider]]\nid = \"a\"\nurl = \"hunter2\"":                     "unknown key provider.url",
		"[[provider]]\nid = \"a b\"\ntemplate = \"https://h/{quadkey}\"":  "id:",
		"[[provider]]\nid = \"sample\"\ntemplate = \"https://h/{x}\"":     "taken",
		"[[provider]]\nid = \"a\"\ntemplate = \"https://h/{x}\"":          "which chunk",
		"[[provider]]\nid = \"a\"\nmax_zl = 40\ntemplate = \"https://h\"": "zoom levels",
	} {
		_, err := load(text)
		if !errors.Is(err, ErrProviderFile) && !errors.Is(err, ErrTemplate) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want an error that says %q", text, err, says)
		}
	}
}

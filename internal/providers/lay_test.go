package providers

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestLayDetails(t *testing.T) {
	read := func(name string) Provider {
		p, err := readLay(filepath.Join("testdata/lay/Providers", name))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	type details struct {
		ID, Code    string
		Min, Max    tiles.ZL
		Concurrency int
		Headers     map[string]string
		Ignored     []string
	}
	for name, want := range map[string]details{
		"Tms/Threads.lay":       {ID: "threads", Code: "Threads", Max: 17, Concurrency: 2},
		"Tms/NoRequestType.lay": {ID: "norequesttype", Code: "NoRequestType", Max: tiles.MaxZL},
		"Tms/Unknown.lay": {ID: "unknown", Code: "Unknown", Max: tiles.MaxZL, Ignored: []string{
			"line 4: unknown key super_resol_factor", "line 5 is not key=value",
		}},
		"Grids/FromFive.lay": {ID: "fromfive", Code: "FromFive", Min: 5, Max: 17},
		"Sets/GeoServer.lay": {ID: "geoserver", Code: "GeoServer", Min: 7, Max: tiles.MaxZL},
		"Sets/Offset.lay":    {ID: "offset", Code: "Offset", Min: 5, Max: 20},
		"Headers/Generic.lay": {ID: "generic", Code: "Generic", Max: tiles.MaxZL,
			Headers: map[string]string{
				"User-Agent": genericAgent, "Accept": "*/*", "Referer": "https://maps.example.org",
			}},
		"Headers/TwoAgents.lay": {ID: "twoagents", Code: "TwoAgents", Max: tiles.MaxZL,
			Headers: map[string]string{"user-agent": "b"}},
		"Headers/AllGeneric.lay": {ID: "allgeneric", Code: "AllGeneric", Max: tiles.MaxZL,
			Headers: map[string]string{"User-Agent": genericAgent, "Accept": "*/*"}},
		"Names/First.dot.lay": {ID: "first", Code: "First", Max: tiles.MaxZL},
		"Names/Tést.lay":      {ID: "tést", Code: "Tést", Max: tiles.MaxZL},
	} {
		p := read(name)
		got := details{p.ID, p.Code, p.MinZL, p.MaxZL, p.Concurrency, p.Headers, p.Ignored}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if p.Terms.MayPassOn() || len(p.NoImagery) == 0 {
			t.Errorf("%s: redistributable %v, placeholders %v", name, p.Terms.MayPassOn(),
				p.NoImagery)
		}
	}
	if p := read("Sets/Offset.lay"); !strings.Contains(p.Template, "{zoom:,,,,,00,01,") {
		t.Errorf("template %s", p.Template)
	}
}

// TestDocumentedTOML: the examples of docs/providers.md are usable files.
func TestDocumentedTOML(t *testing.T) {
	text, err := os.ReadFile("../../docs/providers.md")
	if err != nil {
		t.Fatal(err)
	}
	example := ""
	for _, part := range strings.Split(string(text), "```toml\n")[1:] {
		part, _, _ = strings.Cut(part, "```")
		if !strings.Contains(part, "[[mosaic]]") { // of mosaics.toml
			example += part
		}
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home) // as Windows calls it
	if err := os.CopyFS(filepath.Join(home, "Ortho4XP"), os.DirFS("testdata/lay")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "providers.toml"), []byte(example),
		0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(home)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"swissimage", "CH", "mine", "dop", "threads"} {
		if _, err := c.Lookup(name); err != nil {
			t.Error(err)
		}
	}
}

func FuzzParseLay(f *testing.F) {
	for _, file := range layTree("testdata/lay") {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseLay("testdata/lay/Providers/Sets/Fuzz.lay", []byte(text))
		if err != nil {
			return
		}
		if p.MinZL > p.MaxZL || p.MaxZL > tiles.MaxZL {
			t.Errorf("%q: zoom levels %d to %d", text, p.MinZL, p.MaxZL)
		}
		parsed, err := parseTemplate(p.Template)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if _, err := http.NewRequest(http.MethodGet, parsed.URL(tiles.Chunk{Z: p.MaxZL}, ""),
			io.NopCloser(nil)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func TestParseDict(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"": nil, "None": nil, "{}": {},
		`{'User-Agent': 'a, b: {c}', "Referer":"https://h/it's",}`: {"User-Agent": "a, b: {c}",
			"Referer": "https://h/it's"},
		`{ 'a' : 'b\'c\\d' }`:                       {"a": `b'c\d`},
		`{'a': user_agent_generic , 'b':'c'}`:       {"a": genericAgent, "b": "c"},
		`{'b':'c','User-Agent':user_agent_generic}`: {"b": "c", "User-Agent": genericAgent},
	} {
		got, _, err := parseDict(text)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("parseDict(%s) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"{", "{'a'}", "{'a':}", "{'a':'b'", "{'a':'b' 'c':'d'}", "{'a':b}", "{'a':1}", "{,}",
		`{'a':'\x41'}`, "{'a':'b'} + x", "dict(a='b')",
		"__import__('os').system('true')", "{'a': open('/etc/passwd').read()}", "{'a':'b'+'c'}",
		`{'a':'b\`, "{'a': user_agent_generic2}",
		"{'a': user_agent_generic + 'x'}", "{'a': user_agent_generic", "user_agent_generic",
	} {
		if got, _, err := parseDict(text); err == nil {
			t.Errorf("parseDict(%s) = %v, want an error", text, got)
		}
	}
}

func FuzzParseDict(f *testing.F) {
	f.Add(`{'User-Agent': "x"}`)
	f.Fuzz(func(t *testing.T, text string) { _, _, _ = parseDict(text) })
}

func TestLoad(t *testing.T) {
	load := func(text string) (*Catalogue, error) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "providers.toml"), []byte(text),
			0o600); err != nil {
			t.Fatal(err)
		}
		return Load(dir)
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
	if p, err := c.Lookup("my"); err != nil || p.ID != "mine" || len(p.NoImagery) != 2 ||
		c.Token("mine") != "secret" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := c.Lookup("mapbox"); err != nil && os.Getenv("MAPBOX_TOKEN") == "" {
		t.Errorf("with a token in the file: %v", err)
	}
	const quadkey = "[[provider]]\nid = \"a\"\ntemplate = \"https://h/{quadkey}\"\n"
	for text, says := range map[string]string{
		"token = hunter2": "line 1",
		"[[provider]]\nid = \"a\"\nurl = \"hunter2\"": "unknown key provider.url",
		"[[provider]]\nid = \"a\"\ntokenvars = [\"hunter2\"]": "unknown key " +
			"provider.tokenvars (did you mean token_vars?)",
		"[[provider]]\nid = \"a b\"\ntemplate = \"https://h/{quadkey}\"": "invalid id",
		"[[provider]]\nid = \"sample\"\ntemplate = \"https://h/{x}\"":    "taken",
		"[[provider]]\nid = \"a\"\ntemplate = \"https://h/{x}\"":         "identify the chunk",
		quadkey + quadkey:                                                 "provider 2 (a): id: it is described twice",
		quadkey + "codes = [\"A B\"]":                                     `code: maptype "A B"`,
		quadkey + "Template = 'https://h/{quadkey}'":                      "line 4: provider.Template: it is given twice",
		quadkey + "rate = inf":                                            "must be finite",
		quadkey + "no_imagery = [{header = \"X-A\"}]":                     "rule 1: header and value belong together",
		quadkey + "no_imagery = [{size = -1}]":                            "rule 1: size -1 must be positive",
		quadkey + "no_imagery = [{md5 = \"1f\"}]":                         `rule 1: md5 "1f" (want 32 hex digits)`,
		quadkey + "no_imagery = [{}]":                                     "rule 1: it is empty",
		quadkey + "redistribution = \"no\"\nredistributable = true":       "cannot be combined",
		quadkey + "[tokens]\nmapbix = \"hunter2\"":                        `tokens: unknown provider "mapbix"`,
		"[[provider]]\nid = \"Open\"\ntemplate = \"https://h/{x}\"":       "taken",
		"[[provider]]\nid = \"a\"\nmax_zl = 40\ntemplate = \"https://h\"": "zoom levels",
	} {
		_, err := load(text)
		if !errors.Is(err, ErrFile) && !errors.Is(err, ErrTemplate) ||
			!strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want an error that says %q", text, err, says)
		}
	}
}

package fetch

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// layServer is where the fixtures' addresses lead; tests put a server of their own there.
const layServer = "http://127.0.0.1:18999"

// copyLays copies the fixtures, with server in their addresses.
func copyLays(t *testing.T, server string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/lay")); err != nil {
		t.Fatal(err)
	}
	for _, file := range layTree(dir) {
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, []byte(strings.ReplaceAll(string(text), layServer, server)), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

type layRow struct {
	file, outcome, want string
	notes               []string
}

func layIndex(t *testing.T) (rows []layRow) {
	text, err := os.ReadFile("testdata/lay/index.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); line[0] != '#' {
			rows = append(rows, layRow{fields[0], fields[1], fields[2], fields[3:]})
		}
	}
	return rows
}

// TestLayForms reads every form of Ortho4XP's .lay files: what is read asks a server for the right chunk, what is not says why in one line.
func TestLayForms(t *testing.T) {
	image, err := Sample().Fetch(t.Context(), tiles.Chunk{Z: 16, X: 33712, Y: 23952})
	if err != nil {
		t.Fatal(err)
	}
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.RequestURI
		_, _ = w.Write(image)
	}))
	defer server.Close()
	dir := copyLays(t, server.URL)
	client := NewClient(ClientOptions{Retries: -1})
	defer client.Close()

	rows := layIndex(t)
	for _, row := range rows {
		t.Run(row.file, func(t *testing.T) {
			asked = ""
			p, err := (&Catalogue{}).Lookup(filepath.Join(dir, "Providers", row.file))
			if row.outcome == "refused" {
				if !errors.Is(err, ErrProviderFile) || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%v, want one line that says %q", err, row.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.Source(p).Fetch(t.Context(), tiles.Chunk{Z: 16, X: 33712, Y: 23952}); err != nil || asked != row.want {
				t.Errorf("asked for %s, want %s (%v)", asked, row.want, err)
			}
			if len(p.Notes) != len(row.notes) {
				t.Errorf("notes %q, want %q", p.Notes, row.notes)
			}
			for _, note := range row.notes {
				if !slices.ContainsFunc(p.Notes, func(have string) bool { return strings.Contains(have, note) }) {
					t.Errorf("notes %q, want %q", p.Notes, note)
				}
			}
		})
	}
	var files []string
	for _, file := range layTree(dir) {
		name, _ := filepath.Rel(filepath.Join(dir, "Providers"), file)
		files = append(files, name)
	}
	var indexed []string
	for _, row := range rows {
		indexed = append(indexed, row.file)
	}
	slices.Sort(files)
	slices.Sort(indexed)
	if diff := cmp.Diff(indexed, files); diff != "" {
		t.Errorf("index.tsv and the files differ:\n%s", diff)
	}
}

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
			"line 3: unknown key color_filter", "line 4: unknown key super_resol_factor", "line 5 is not key=value",
		}},
		"Grids/FromFive.lay": {ID: "fromfive", Code: "FromFive", Min: 5, Max: 17},
		"Sets/GeoServer.lay": {ID: "geoserver", Code: "GeoServer", Min: 7, Max: tiles.MaxZL},
		"Sets/Offset.lay":    {ID: "offset", Code: "Offset", Min: 5, Max: 20},
		"Headers/Generic.lay": {ID: "generic", Code: "Generic", Max: tiles.MaxZL, Headers: map[string]string{
			"User-Agent": genericAgent, "Accept": "*/*", "Referer": "https://maps.example.org",
		}},
		"Headers/AllGeneric.lay": {ID: "allgeneric", Code: "AllGeneric", Max: tiles.MaxZL, Headers: map[string]string{"User-Agent": genericAgent, "Accept": "*/*"}},
		"Names/First.dot.lay":    {ID: "first", Code: "First", Max: tiles.MaxZL},
		"Names/Tést.lay":         {ID: "tést", Code: "Tést", Max: tiles.MaxZL},
	} {
		p := read(name)
		got := details{p.ID, p.Code, p.MinZL, p.MaxZL, p.Concurrency, p.Headers, p.Ignored}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if p.Redistributable || len(p.NoImagery) == 0 {
			t.Errorf("%s: redistributable %v, placeholders %v", name, p.Redistributable, p.NoImagery)
		}
	}
	if p := read("Sets/Offset.lay"); !strings.Contains(p.Template, "{zoom:,,,,,00,01,") {
		t.Errorf("template %s", p.Template)
	}
}

// TestLayThreads: max_threads holds for a host even if another provider of that host was there first.
func TestLayThreads(t *testing.T) {
	image, err := Sample().Fetch(t.Context(), tiles.Chunk{Z: 16, X: 1, Y: 1})
	if err != nil {
		t.Fatal(err)
	}
	inside := make(chan struct{}, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case inside <- struct{}{}:
			defer func() { <-inside }()
			time.Sleep(2 * time.Millisecond) // so that others come meanwhile, if they are let
			_, _ = w.Write(image)
		default:
			http.Error(w, "a third at once", http.StatusBadRequest)
		}
	}))
	defer server.Close()
	dir := copyLays(t, server.URL)
	client := NewClient(ClientOptions{Retries: -1, Concurrency: 32})
	defer client.Close()
	for _, name := range []string{"Plain", "Threads"} {
		p, err := (&Catalogue{}).Lookup(filepath.Join(dir, "Providers/Tms", name+".lay"))
		if err != nil {
			t.Fatal(err)
		}
		source := client.Source(p)
		if name == "Plain" {
			continue
		}
		var group errgroup.Group
		for i := range uint32(64) {
			group.Go(func() error {
				_, err := source.Fetch(t.Context(), tiles.Chunk{Z: 16, X: i, Y: 1})
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// TestLayTree: a whole Ortho4XP folder is read, beside providers.toml or where that says; what is refused is listed and hinders nobody.
func TestLayTree(t *testing.T) {
	dir := copyLays(t, layServer)
	away := t.TempDir()
	if err := os.WriteFile(filepath.Join(away, "providers.toml"), []byte("ortho4xp = \""+dir+"\"\n[[provider]]\nid = \"plain\"\ncode = \"PL\"\ntemplate = \"https://h/{quadkey}\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	read := 0
	rows := layIndex(t)
	for _, row := range rows {
		if row.outcome == "read" {
			read++
		}
	}
	for name, where := range map[string]string{"beside": dir, "named": away} {
		c, err := LoadCatalogue(where)
		if err != nil {
			t.Fatal(err)
		}
		refused := len(rows) - read
		if name == "named" {
			refused++ // Plain.lay, which providers.toml describes as well
		}
		if len(c.own) != read || len(c.Refused()) != refused {
			t.Errorf("%s: %d read and %d refused, want %d and %d", name, len(c.own), len(c.Refused()), read, refused)
		}
		if p, err := c.Lookup("threads"); err != nil || p.Concurrency != 2 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if _, err := c.Lookup("wmslambert"); !errors.Is(err, ErrProviderFile) || !strings.Contains(err.Error(), "WmsLambert.lay: epsg_code=2154") {
			t.Errorf("%s: %v, want why WmsLambert is refused", name, err)
		}
		if _, err := c.Lookup("nobody"); !errors.Is(err, ErrUnknownProvider) || len(err.Error()) > 800 {
			t.Errorf("%s: %v, want a short list", name, err)
		}
		twice := slices.ContainsFunc(c.Refused(), func(r RefusedFile) bool {
			return r.Code == "Plain" && strings.Contains(r.Err.Error(), "plain is described before, in "+filepath.Join(away, "providers.toml"))
		})
		if twice != (name == "named") {
			t.Errorf("%s: %v", name, c.Refused())
		}
	}
	if err := os.WriteFile(filepath.Join(away, "providers.toml"), []byte(`ortho4xp = "nowhere"`), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LoadCatalogue(away)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Lookup("nobody"); err == nil || !strings.Contains(err.Error(), "more may be in "+filepath.Join(away, "nowhere")+": the ortho4xp of providers.toml, but") {
		t.Errorf("%v, want that there is no such folder", err)
	}
	if _, err := c.Lookup("eox"); err != nil || len(c.Refused()) != 1 {
		t.Errorf("%v, %v, want the rest to be usable", err, c.Refused())
	}
}

// TestDocumentedTOML: the example of docs/providers.md is a usable file.
func TestDocumentedTOML(t *testing.T) {
	text, err := os.ReadFile("../../docs/providers.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```toml\n")
	example, _, _ = strings.Cut(example, "```")
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.CopyFS(filepath.Join(home, "Ortho4XP"), os.DirFS("testdata/lay")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "providers.toml"), []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LoadCatalogue(home)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"swissimage", "CH", "mine", "threads"} {
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
		if _, err := http.NewRequest(http.MethodGet, parsed.url(tiles.Chunk{Z: p.MaxZL}, ""), io.NopCloser(nil)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func TestParseDict(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"": nil, "None": nil, "{}": {},
		`{'User-Agent': 'a, b: {c}', "Referer":"https://h/it's",}`: {"User-Agent": "a, b: {c}", "Referer": "https://h/it's"},
		`{ 'a' : 'b\'c\\d' }`:                       {"a": `b'c\d`},
		`{'a': user_agent_generic , 'b':'c'}`:       {"a": genericAgent, "b": "c"},
		`{'b':'c','User-Agent':user_agent_generic}`: {"b": "c", "User-Agent": genericAgent},
	} {
		got, err := parseDict(text)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("parseDict(%s) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"{", "{'a'}", "{'a':}", "{'a':'b'", "{'a':'b' 'c':'d'}", "{'a':b}", "{'a':1}", "{,}", `{'a':'\x41'}`, "{'a':'b'} + x", "dict(a='b')",
		"__import__('os').system('true')", "{'a': open('/etc/passwd').read()}", "{'a':'b'+'c'}", `{'a':'b\`, "{'a': user_agent_generic2}",
		"{'a': user_agent_generic + 'x'}", "{'a': user_agent_generic", "user_agent_generic",
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
		"[[provider]]\nid = \"a\"\ntokenvars = [\"hunter2\"]":             "unknown key provider.tokenvars (did you mean token_vars?)",
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

package providers_test

import (
	"errors"
	goimage "image"
	"image/jpeg"
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

	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/pkg/fetch"
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
	for _, file := range layFiles(t, dir) {
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, []byte(strings.ReplaceAll(string(text), layServer, server)),
				0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// layFiles returns the fixtures in dir.
func layFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "Providers/*/*.lay"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	return files
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

// TestLayForms reads every form of Ortho4XP's .lay files: what is read asks a server for the right
// chunk, what is not says why in one line.
func TestLayForms(t *testing.T) {
	image, err := fetch.Sample().Fetch(t.Context(), tiles.Chunk{Z: 16, X: 33712, Y: 23952})
	if err != nil {
		t.Fatal(err)
	}
	var asked string
	px := tiles.ChunkPixels // of what is asked for
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.RequestURI
		if px == tiles.ChunkPixels {
			_, _ = w.Write(image)
			return
		}
		_ = jpeg.Encode(w, goimage.NewGray(goimage.Rect(0, 0, px, px)), nil)
	}))
	defer server.Close()
	dir := copyLays(t, server.URL)
	client := fetch.NewClient(fetch.ClientOptions{Retries: -1})
	defer client.Close()

	rows := layIndex(t)
	for _, row := range rows {
		t.Run(row.file, func(t *testing.T) {
			asked = ""
			p, err := (&providers.Catalogue{}).Lookup(filepath.Join(dir, "Providers", row.file))
			if row.outcome == "refused" {
				if !errors.Is(err, providers.ErrFile) || !strings.Contains(err.Error(), row.want) ||
					strings.Contains(err.Error(), "\n") {
					t.Errorf("%v, want one line that says %q", err, row.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			px = p.TilePixels()
			if _, err := client.Source(p).Fetch(t.Context(),
				p.Tile(tiles.Chunk{Z: 16, X: 33712, Y: 23952})); err != nil || asked != row.want {
				t.Errorf("asked for %s, want %s (%v)", asked, row.want, err)
			}
			if len(p.Notes) != len(row.notes) {
				t.Errorf("notes %q, want %q", p.Notes, row.notes)
			}
			for _, note := range row.notes {
				if !slices.ContainsFunc(p.Notes,
					func(have string) bool { return strings.Contains(have, note) }) {
					t.Errorf("notes %q, want %q", p.Notes, note)
				}
			}
		})
	}
	var files []string
	for _, file := range layFiles(t, dir) {
		name, _ := filepath.Rel(filepath.Join(dir, "Providers"), file)
		files = append(files, filepath.ToSlash(name))
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

// TestLayThreads: max_threads holds for a host even if another provider of that host was there
// first.
func TestLayThreads(t *testing.T) {
	image, err := fetch.Sample().Fetch(t.Context(), tiles.Chunk{Z: 16, X: 1, Y: 1})
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
	client := fetch.NewClient(fetch.ClientOptions{Retries: -1, Concurrency: 32})
	defer client.Close()
	for _, name := range []string{"Plain", "Threads"} {
		p, err := (&providers.Catalogue{}).Lookup(filepath.Join(dir, "Providers/Tms", name+".lay"))
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

// TestLayTree: a whole Ortho4XP folder is read, beside providers.toml or where that says; what is
// refused is listed and hinders nobody.
func TestLayTree(t *testing.T) {
	dir := copyLays(t, layServer)
	away := t.TempDir()
	if err := os.WriteFile(filepath.Join(away, "providers.toml"),
		[]byte("ortho4xp = '"+dir+"'\n[[provider]]\nid = \"plain\"\ncode = \"PL\"\ntemplate = "+
			"\"https://h/{quadkey}\"\n"), 0o600); err != nil {
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
		c, err := providers.Load(where)
		if err != nil {
			t.Fatal(err)
		}
		refused := len(rows) - read
		if name == "named" {
			refused++ // Plain.lay, which providers.toml describes as well
		}
		own := 0
		for _, p := range c.Providers() {
			if p.File != "" {
				own++
			}
		}
		if own != read || len(c.Refused()) != refused {
			t.Errorf("%s: %d read and %d refused, want %d and %d", name, own, len(c.Refused()),
				read, refused)
		}
		if p, err := c.Lookup("threads"); err != nil || p.Concurrency != 2 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if _, err := c.Lookup("wmslambert"); !errors.Is(err, providers.ErrFile) ||
			!strings.Contains(err.Error(), "WmsLambert.lay: epsg_code=2154") {
			t.Errorf("%s: %v, want why WmsLambert is refused", name, err)
		}
		if _, err := c.Lookup("nobody"); !errors.Is(err, providers.ErrUnknown) ||
			len(err.Error()) > 800 {
			t.Errorf("%s: %v, want a short list", name, err)
		}
		twice := slices.ContainsFunc(c.Refused(), func(r providers.RefusedFile) bool {
			return r.Code == "Plain" &&
				strings.Contains(r.Err.Error(),
					"plain is already described in "+filepath.Join(away, "providers.toml"))
		})
		if twice != (name == "named") {
			t.Errorf("%s: %v", name, c.Refused())
		}
	}
	if err := os.WriteFile(filepath.Join(away, "providers.toml"), []byte(`ortho4xp = "nowhere"`),
		0o600); err != nil {
		t.Fatal(err)
	}
	c, err := providers.Load(away)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Lookup("nobody"); err == nil ||
		!strings.Contains(err.Error(),
			"more may be in "+filepath.Join(away,
				"nowhere")+": named as ortho4xp in providers.toml, but") {
		t.Errorf("%v, want that there is no such folder", err)
	}
	if _, err := c.Lookup("eox"); err != nil || len(c.Refused()) != 1 {
		t.Errorf("%v, %v, want the rest to be usable", err, c.Refused())
	}
}

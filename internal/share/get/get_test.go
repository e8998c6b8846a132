package get

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/opener"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/share/catalogue"
	"github.com/xelpack/xelpack/internal/share/publish"
	"github.com/xelpack/xelpack/internal/share/server"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// The three archives of the folder: a coarse one of four textures, a sharp one of two of these, and
// one elsewhere.
var (
	coarse = sharetest.Archive{File: "coarse.mbtiles", Source: sharetest.Open, Detail: 2,
		Textures: []string{"23952_33712_BI16", "23952_33728_BI16", "23968_33712_BI16",
			"23968_33728_BI16"}}
	sharp = sharetest.Archive{File: "sharp.mbtiles", Source: sharetest.Open, Seed: 1,
		Textures: []string{"23952_33712_BI16", "23952_33728_BI16"}}
	far = sharetest.Archive{File: "far.mbtiles", Source: sharetest.Open, Seed: 2,
		Textures: []string{"16000_33712_BI16"}}
)

const there = "5.2,43.4,5.3,43.7" // bbox within three rows of coarse's and sharp's squares

// published is a folder that was published.
func published(t testing.TB, o publish.Options, archives ...sharetest.Archive) string {
	t.Helper()
	o.Dir = t.TempDir()
	for _, a := range archives {
		sharetest.Make(t, o.Dir, a)
	}
	f, err := publish.Read(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(); err != nil {
		t.Fatal(err)
	}
	return o.Dir
}

func serve(t testing.TB, dir string) string {
	t.Helper()
	s, err := server.Start(t.Context(), server.Options{Dir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.URL()
}

func newOpener(t testing.TB) *opener.Opener {
	t.Helper()
	o := &opener.Opener{Dir: t.TempDir(), Note: func(string) {}}
	t.Cleanup(o.Close)
	return o
}

// choose loads a catalogue and chooses what is at there.
func choose(t testing.TB, name string, want Options) (*Choice, error) {
	t.Helper()
	o, err := Load(t.Context(), name, newOpener(t))
	if err != nil {
		return nil, err
	}
	if want.Pick.BBox == "" {
		want.Pick = plan.Pick{Area: plan.Area{BBox: there}}
	}
	if want.Note == nil {
		want.Note = func(s string) { t.Log(s) }
	}
	c, err := o.Choose(t.Context(), want)
	if c != nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, err
}

func list(t testing.TB, path string) map[string]uint8 {
	t.Helper()
	a, err := mbtiles.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	details := map[string]uint8{}
	for e := range a.All() {
		details[e.Texture.Name()] = e.Detail
	}
	report, err := a.Verify(t.Context(), mbtiles.VerifyOptions{})
	if err != nil || !report.OK {
		t.Errorf("%v, %+v", err, report)
	}
	return details
}

func TestGet(t *testing.T) {
	dir := published(t, publish.Options{}, coarse, sharp, far)
	want := map[string]uint8{"23952_33712_BI16": 0, "23952_33728_BI16": 0, "23968_33712_BI16": 2,
		"23968_33728_BI16": 2}
	base := serve(t, dir)
	var digest string
	for name, from := range map[string]string{"address": base + "catalogue.json", "folder's": base,
		"path": filepath.Join(dir, "catalogue.json"), "folder": dir} {
		t.Run(name, func(t *testing.T) {
			c, err := choose(t, from, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var files []string
			for _, taken := range c.Taken {
				files = append(files, fmt.Sprint(taken.File, taken.Textures, taken.PassOn))
			}
			if remote := strings.HasPrefix(from, "http"); (c.Fetch > 0) != remote {
				t.Errorf("%d bytes to fetch", c.Fetch)
			}
			if diff := cmp.Diff([]string{"sharp.mbtiles2yes", "coarse.mbtiles2yes"},
				files); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			path := filepath.Join(t.TempDir(), "flight.mbtiles")
			r, err := c.Make(t.Context(), path, mbtiles.CopyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, list(t, path)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if digest == "" {
				digest = r.Digest
			}
			if r.Digest != digest {
				t.Errorf("digest %s, elsewhere %s", r.Digest, digest)
			}
		})
	}
}

// What is here already is not fetched again: the same command is also the update.
func TestHave(t *testing.T) {
	dir := published(t, publish.Options{}, coarse)
	var sent atomic.Int64
	base := counting(t, dir, &sent)
	path := filepath.Join(t.TempDir(), "flight.mbtiles")
	c, err := choose(t, base, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Make(t.Context(), path, mbtiles.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	first := sent.Swap(0)
	if c, err = choose(t, base, Options{Have: []string{path}}); err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "flight.mbtiles")
	if _, err := c.Make(t.Context(), again, mbtiles.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	one, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	two, err := os.ReadFile(again)
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("%v: the same archive differs", err)
	}
	const contents = 4 * 43_832 // of DDS at 256 px
	if second := sent.Load(); first-second < contents/2 {
		t.Errorf("%d bytes at first, then %d", first, second)
	}
}

// counting serves a folder and counts the bytes of bodies.
func counting(t testing.TB, dir string, sent *atomic.Int64) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.FileServerFS(os.DirFS(dir)).ServeHTTP(&counter{w, sent}, r)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/"
}

type counter struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.sent.Add(int64(len(p)))
	return c.ResponseWriter.Write(p)
}

// Mirrors are tried in their order, and one with another file is passed over.
func TestMirrors(t *testing.T) {
	other := sharp
	other.Seed = 9
	wrong, right := serve(t, published(t, publish.Options{}, other)), serve(t, published(t,
		publish.Options{}, sharp))
	dir := published(t, publish.Options{Mirrors: []string{wrong, right}}, sharp)
	for name, spoil := range map[string]func(string) error{
		"gone": os.Remove,
		"replaced": func(file string) error {
			sharetest.Make(t, filepath.Dir(file), other)
			return nil
		},
		"not an archive": func(file string) error { return os.WriteFile(file, []byte("<p>"), 0o666) },
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "x")
			if err := os.CopyFS(folder, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			if err := spoil(filepath.Join(folder, sharp.File)); err != nil {
				t.Fatal(err)
			}
			var notes []string
			c, err := choose(t, counting(t, folder, new(atomic.Int64)),
				Options{Note: func(s string) { notes = append(notes, s) }})
			if err != nil {
				t.Fatal(err)
			}
			if c.Taken[0].From != right+sharp.File || len(notes) == 0 {
				t.Errorf("from %s, notes %q", c.Taken[0].From, notes)
			}
		})
	}
	if err := os.Remove(filepath.Join(dir, sharp.File)); err != nil {
		t.Fatal(err)
	}
	o := &Offer{at: mustParse(t, "https://example.com/x/catalogue.json")}
	if got := o.addresses(catalogue.Archive{File: "a b.mbtiles",
		Mirrors: []string{"http://192.168.1.1/a b.mbtiles", "https://example.org/a b.mbtiles"}}); !cmp.
		Equal(got, []string{"https://example.com/x/a%20b.mbtiles",
			"https://example.org/a b.mbtiles"}) {
		t.Errorf("a catalogue from elsewhere points into the house: %q", got)
	}
	o.at = mustParse(t, "http://x:secret@nas:8088/catalogue.json?key=k")
	if got := o.addresses(catalogue.Archive{File: "a.mbtiles",
		Mirrors: []string{"http://192.168.1.1/a.mbtiles"}}); !cmp.Equal(got,
		[]string{"http://x:secret@nas:8088/a.mbtiles?key=k", "http://192.168.1.1/a.mbtiles"}) {
		t.Errorf("the token: %q", got)
	}
}

func mustParse(t testing.TB, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// What is no catalogue is refused in words, and tokens are in none of them.
func TestBadCatalogues(t *testing.T) {
	text := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "catalogue.json", time.Time{}, strings.NewReader(s))
		}
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   error
		words  string
	}{
		"404":         {http.NotFound, nil, "no catalogue is there"},
		"403":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, nil, "403"},
		"login":       {text("<html>Log in"), catalogue.ErrNotCatalogue, "web page"},
		"later":       {text(`{"xelpack_catalogue":7}`), catalogue.ErrVersion, "7"},
		"other":       {text("{}"), catalogue.ErrNotCatalogue, "no version"},
		"no ranges":   {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Log in") }, fetch.ErrNoRanges, ""},
		"parent":      {text(`{"xelpack_catalogue":1,"archives":[{"file":"../a.mbtiles"}]}`), catalogue.ErrHostile, "outside"},
		"other host":  {text(`{"xelpack_catalogue":1,"archives":[{"file":"http://h/a.mbtiles"}]}`), catalogue.ErrHostile, "another host"},
		"too large":   {text(strings.Repeat(" ", catalogue.MaxBytes+1)), catalogue.ErrTooLarge, ""},
		"empty":       {text(""), nil, ""},
		"no archives": {text(`{"xelpack_catalogue":1,"archives":[]}`), tiles.ErrNothing, "0 archives"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(tt.answer)
			defer s.Close()
			address := strings.Replace(s.URL, "//", "//me:secret@", 1) + "/catalogue.json?token=secret"
			_, err := choose(t, address, Options{})
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) ||
				!strings.Contains(err.Error(), tt.words) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v, want %v with %q", err, tt.want, tt.words)
			}
		})
	}
	if _, err := choose(t, "http://127.0.0.1:1/a.mbtiles", Options{}); !errors.As(err,
		new(usage.Error)) {
		t.Errorf("an archive's address: %v", err)
	}
	if _, err := choose(t, filepath.Join(t.TempDir(), "none.json"), Options{}); !errors.Is(err,
		os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	dir := published(t, publish.Options{}, far)
	if _, err := choose(t, dir, Options{}); !errors.Is(err, tiles.ErrNothing) ||
		!strings.Contains(err.Error(), "none of the 1 archive") {
		t.Errorf("nothing there: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(cancelled, serve(t, dir), newOpener(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestList(t *testing.T) {
	dir := published(t, publish.Options{Private: true}, coarse, sharp)
	o, err := Load(t.Context(), dir, newOpener(t))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := o.List(&b, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 archives", "private", "\nsharp.mbtiles  ", "2 textures, ZL16",
		"taken 2020-05-01 to 2021-06-30", "pass on: yes", "© Somebody"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, b.String())
		}
	}
	if strings.Index(b.String(), "sharp.mbtiles ") > strings.Index(b.String(), "coarse.mbtiles ") {
		t.Errorf("the finest is not first:\n%s", b.String())
	}
	b.Reset()
	if err := o.List(&b, true); err != nil {
		t.Fatal(err)
	}
	if again, err := catalogue.Parse(b.Bytes()); err != nil || !cmp.Equal(again, o.Catalogue) {
		t.Errorf("%v: %s", err, b.String())
	}
}

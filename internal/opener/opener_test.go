package opener

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// counted is a web server over a folder.
type counted struct {
	*httptest.Server
	bytes, requests atomic.Int64

	mu        sync.Mutex
	now, most int // requests at once
}

// answering counts the requests at once, by so many more.
func (c *counted) answering(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += n
	c.most = max(c.most, c.now)
}

type counting struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c counting) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return c.ResponseWriter.Write(p)
}

func serve(t *testing.T, dir string) *counted {
	t.Helper()
	c := &counted{}
	files := http.FileServer(http.Dir(dir))
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.requests.Add(1)
		c.answering(1)
		defer c.answering(-1)
		files.ServeHTTP(counting{w, &c.bytes}, r)
	}))
	t.Cleanup(c.Close)
	return c
}

// several describes an archive of n textures, in rows of 20.
func several(n int, seed byte) sharetest.Archive {
	a := sharetest.Archive{File: "a.mbtiles", Source: sharetest.Open, Seed: seed, Side: 512}
	for i := range n {
		a.Textures = append(a.Textures, fmt.Sprintf("%d_%d_BI16", 16000+i/20*16, 33600+i%20*16))
	}
	return a
}

// extract copies all of an archive, and returns what was said before and what was made.
func extract(t *testing.T, o *Opener, name, to string,
	haves ...string) (mbtiles.ToFetch, mbtiles.CopyReport) {
	t.Helper()
	a, err := o.Open(t.Context(), name, mbtiles.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var co mbtiles.CopyOptions
	for _, name := range haves {
		have, err := o.Open(t.Context(), name, mbtiles.ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer have.Close()
		co.Have = append(co.Have, have)
	}
	fetch, err := a.ToFetch(t.Context(), a.All(), co.Have)
	if err != nil {
		t.Fatal(err)
	}
	var last, of int64
	co.Progress = func(done, total int64) { last, of = done, total }
	report, err := a.Extract(t.Context(), to, func(mbtiles.Entry) bool { return true }, co)
	if err == nil {
		err = a.DropFetched(t.Context(), a.All())
	}
	if err != nil {
		t.Fatal(err)
	}
	if last < of*99/100 || of == 0 {
		t.Errorf("progress ended at %d of %d", last, of)
	}
	return fetch, report
}

// What is at hand is not fetched again: an extract with --have is the update of an extract.
func TestHave(t *testing.T) {
	if testing.Short() {
		t.Skip("draws some 200 previews, and finds no race that those of internal/share/get do not: " +
			"for the plain pass")
	}
	dir, made := t.TempDir(), t.TempDir()
	path := sharetest.Make(t, dir, several(40, 1))
	s := serve(t, dir)
	o := &Opener{Dir: t.TempDir(), Note: func(string) {}}
	defer o.Close()

	fetch, first := extract(t, o, s.URL+"/a.mbtiles", filepath.Join(made, "first.mbtiles"))
	whole := s.bytes.Swap(0)
	if stat, err := os.Stat(path); err != nil || fetch.Known != 0 || whole > stat.Size()+256<<10 ||
		fetch.Bytes < whole*8/10 || fetch.Bytes > whole {
		t.Errorf("%d bytes were sent of a file of %d (%v), %+v was said", whole, stat.Size(), err,
			fetch)
	}

	// 5 % are changed at the source.
	changed := several(40, 2)
	changed.Textures = changed.Textures[8:10] // which lie on one page
	sharetest.Change(t, path, changed)
	fetch, second := extract(t, o, s.URL+"/a.mbtiles", filepath.Join(made, "second.mbtiles"),
		filepath.Join(made, "first.mbtiles"))
	update := s.bytes.Swap(0)
	t.Logf("%d bytes, then %d in an update", whole, update)
	// These textures are few: what is said of them takes as much as one.
	if fetch.Known != 38 || update > whole*15/100 || fetch.Bytes > update {
		t.Errorf("%d bytes were sent, %d in the update; %+v", whole, update, fetch)
	}
	local, err := mbtiles.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	want, err := local.Digest(t.Context())
	if err != nil || second.Digest != want || first.Digest == want {
		t.Errorf("digests %s, then %s, want %s, %v", first.Digest, second.Digest, want, err)
	}
	if report, err := mbtiles.VerifyFile(t.Context(), second.Path,
		mbtiles.VerifyOptions{}); err != nil || !report.OK {
		t.Errorf("%+v, %v", report, err)
	}

	// Damage in what is at hand is not copied: that texture is fetched.
	broken, err := os.ReadFile(filepath.Join(made, "second.mbtiles"))
	if err != nil {
		t.Fatal(err)
	}
	for i := len(broken) / 2; i < len(broken)/2+50_000; i += 1000 {
		broken[i]++
	}
	if err := os.WriteFile(filepath.Join(made, "broken.mbtiles"), broken, 0o600); err != nil {
		t.Fatal(err)
	}
	_, third := extract(t, o, s.URL+"/a.mbtiles", filepath.Join(made, "third.mbtiles"),
		filepath.Join(made, "broken.mbtiles"))
	if n := s.bytes.Load(); third.Digest != want || n == 0 || n > whole*15/100 {
		t.Errorf("digest %s, want %s; %d bytes were sent", third.Digest, want, n)
	}
}

// A flight out of a larger archive: little is fetched beside it, in few requests, never more at once
// than they may be, which bounds the memory. It is what `make bench-remote` measures at full size.
func TestFlight(t *testing.T) {
	drill.SkipIfShort(t)
	dir := t.TempDir()
	const rows, across = 2, 12 // of the flight, in the middle of rows of 20
	large := several(60, 1)
	large.Side = 1024
	path := sharetest.Make(t, dir, large)
	s := serve(t, dir)
	o := &Opener{Dir: t.TempDir(), Note: func(string) {}}
	defer o.Close()
	a, err := o.Open(t.Context(), s.URL+"/a.mbtiles", mbtiles.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var own int64
	inFlight := func(e mbtiles.Entry) bool {
		row, col := (e.Texture.Row-16000)/16, (e.Texture.Col-33600)/16
		return row > 0 && row <= rows && col > 3 && col <= 3+across
	}
	for e := range a.Those(inFlight) {
		own += e.Layout.Size()
	}
	made, err := a.Extract(t.Context(), filepath.Join(t.TempDir(), "flight.mbtiles"), inFlight,
		mbtiles.CopyOptions{})
	if err != nil || made.Textures != rows*across {
		t.Fatalf("%+v, %v", made, err)
	}
	local, err := mbtiles.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	want, err := local.Extract(t.Context(), filepath.Join(t.TempDir(), "flight.mbtiles"), inFlight,
		mbtiles.CopyOptions{})
	if err != nil || want.Digest != made.Digest {
		t.Errorf("digest %s, of the file itself %s, %v", made.Digest, want.Digest, err)
	}
	beyond := 100 * (float64(s.bytes.Load())/float64(own) - 1)
	t.Logf("%.2f %% beyond the %d bytes of the textures, %d requests, %d at once", beyond, own,
		s.requests.Load(), s.most)
	if beyond > 3 || s.requests.Load() > 60 || s.most > 32 {
		t.Errorf("%.2f %% beyond the textures (want 3), %d requests (want 60), %d at once (want 32)",
			beyond, s.requests.Load(), s.most)
	}
}

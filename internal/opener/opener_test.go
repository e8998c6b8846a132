package opener

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// counted is a web server over a folder.
type counted struct {
	*httptest.Server
	bytes, requests atomic.Int64
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
		files.ServeHTTP(counting{w, &c.bytes}, r)
	}))
	t.Cleanup(c.Close)
	return c
}

// several describes an archive of 60 textures.
func several(seed byte) sharetest.Archive {
	a := sharetest.Archive{File: "a.mbtiles", Source: sharetest.Open, Seed: seed}
	for i := range 60 {
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
	dir, made := t.TempDir(), t.TempDir()
	source := several(1)
	path := sharetest.Make(t, dir, source)
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
	changed := several(2)
	changed.Textures = changed.Textures[20:23]
	sharetest.Change(t, path, changed)
	fetch, second := extract(t, o, s.URL+"/a.mbtiles", filepath.Join(made, "second.mbtiles"),
		filepath.Join(made, "first.mbtiles"))
	update := s.bytes.Swap(0)
	t.Logf("%d bytes, then %d in an update", whole, update)
	// These textures are small: what is said of each takes as much as a tenth of them.
	if fetch.Known != 57 || update > whole*15/100 || fetch.Bytes > update {
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

package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// origin is a web server with one file. It counts how often each block was sent.
type origin struct {
	*httptest.Server
	data     []byte
	etag     atomic.Pointer[string]
	requests atomic.Int64
	// answer may answer a request instead; it reports whether it did
	answer atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool]

	mu   sync.Mutex
	sent map[int64]int
}

func serve(t testing.TB, size int) *origin {
	t.Helper()
	o := &origin{data: make([]byte, size), sent: map[int64]int{}}
	for i := range o.data {
		o.data[i] = byte(rand.Uint32())
	}
	first := `"1"`
	o.etag.Store(&first)
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.requests.Add(1)
		if answer := o.answer.Load(); answer != nil && (*answer)(w, r) {
			return
		}
		w.Header().Set("ETag", *o.etag.Load())
		var from, to int64
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); err == nil {
			o.mu.Lock()
			for b := from / block; b <= min(to, int64(size)-1)/block; b++ {
				o.sent[b]++
			}
			o.mu.Unlock()
		}
		http.ServeContent(w, r, "a.mbtiles", time.Unix(1e9, 0), bytes.NewReader(o.data))
	}))
	t.Cleanup(o.Close)
	return o
}

// twice lists the blocks that were sent more than once.
func (o *origin) twice() (list []int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for b, n := range o.sent {
		if n > 1 {
			list = append(list, b)
		}
	}
	return list
}

func (o *origin) fault(f func(w http.ResponseWriter, r *http.Request) bool) { o.answer.Store(&f) }

// notes collects warnings.
type notes struct {
	mu   sync.Mutex
	text []string
}

func (n *notes) add(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.text = append(n.text, text)
}

func options(t testing.TB, dir string) Options {
	t.Helper()
	c := fetch.NewClient(fetch.ClientOptions{Retries: 3, Backoff: 1, Patience: -1})
	t.Cleanup(c.Close)
	return Options{Client: c, Dir: dir, Note: new(notes).add}
}

func open(t testing.TB, url string, o Options) *File {
	t.Helper()
	f, err := Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// expect fails the test unless the spans are there and right.
func expect(t testing.TB, f *File, want []byte, spans ...sqlpages.Span) {
	t.Helper()
	if err := f.Want(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	for _, s := range spans {
		got := make([]byte, min(s.Len, int64(len(want))-s.Off))
		if _, err := f.ReadAt(got, s.Off); err != nil || !bytes.Equal(got, want[s.Off:][:len(got)]) {
			t.Fatalf("%+v: wrong bytes, %v", s, err)
		}
	}
}

// Whatever is wanted at once by many is sent once, and not again by the next process.
func TestNothingTwice(t *testing.T) {
	t.Parallel()
	const size = 5<<20 + 1234
	o, dir := serve(t, size), t.TempDir()
	f := open(t, o.URL+"/a.mbtiles", options(t, dir))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			var spans []sqlpages.Span
			for range 10 {
				spans = append(spans, sqlpages.Span{Off: rand.Int64N(size),
					Len: 1 + rand.Int64N(300_000)})
			}
			expect(t, f, o.data, spans...)
		})
	}
	wg.Wait()
	before := o.requests.Load()
	spans := []sqlpages.Span{{Off: 0, Len: size}}
	missing := f.Missing(spans)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = open(t, o.URL+"/a.mbtiles?token=secret", options(t, dir)) // of the same file
	if got := f.Missing(spans); got != missing {
		t.Errorf("%d bytes are missing after it was opened again, %d before", got, missing)
	}
	expect(t, f, o.data, spans...)
	expect(t, f, o.data, spans...)
	twice := o.twice()
	for _, b := range twice {
		if b >= firstBytes/block {
			t.Errorf("block %d was sent %d times", b, o.sent[b])
		}
	}
	if o.requests.Load() == before {
		t.Error("nothing was asked for")
	}
}

// A list that was cut off in the middle of a record, as by a kill, is gone on with.
func TestCutList(t *testing.T) {
	t.Parallel()
	o, dir := serve(t, 1<<20), t.TempDir()
	f := open(t, o.URL+"/a.mbtiles", options(t, dir))
	expect(t, f, o.data, sqlpages.Span{Off: 200_000, Len: 100_000})
	path := f.cache.path + listSuffix
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-4); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		f = open(t, o.URL+"/a.mbtiles", options(t, dir))
		expect(t, f, o.data, sqlpages.Span{Off: 0, Len: 1 << 20})
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for b, n := range o.sent { // but for the blocks of the record that was cut off
		if n > 1 && b >= firstBytes/block && (b < 200_000/block || b > 300_000/block) {
			t.Errorf("block %d was sent %d times", b, n)
		}
	}
}

// A file that was replaced since is fetched anew; the server of one that cannot be reached is done
// without, if that is asked for.
func TestOpenedAgain(t *testing.T) {
	t.Parallel()
	o, dir := serve(t, 1<<20), t.TempDir()
	span := sqlpages.Span{Off: 300_000, Len: 300_000}
	f := open(t, o.URL+"/a.mbtiles", options(t, dir))
	expect(t, f, o.data, span)
	if err := f.SetChecked(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	o.fault(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(503); return true })
	if _, err := Open(t.Context(), o.URL+"/a.mbtiles", options(t, dir)); err == nil {
		t.Error("no error though the server does not answer")
	}
	stale := options(t, dir)
	stale.Stale = true
	f = open(t, o.URL+"/a.mbtiles", stale)
	expect(t, f, o.data, span)
	if err := f.Want(t.Context(), []sqlpages.Span{{Off: 0, Len: 1 << 20}}); err == nil ||
		!strings.Contains(err.Error(), "not in the cache") {
		t.Errorf("what is not there: %v", err)
	}
	if !f.Checked() {
		t.Error("that it was checked is forgotten")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	o.answer.Store(nil)
	next := `"2"`
	o.etag.Store(&next)
	for i := range o.data {
		o.data[i]++
	}
	f = open(t, o.URL+"/a.mbtiles", options(t, dir))
	if f.Checked() {
		t.Error("the new file counts as checked")
	}
	expect(t, f, o.data, span)
}

// Two processes do not share a cache; the second one leaves nothing behind.
func TestPrivateCache(t *testing.T) {
	t.Parallel()
	o, dir := serve(t, 1<<20), t.TempDir()
	f := open(t, o.URL+"/a.mbtiles", options(t, dir))
	before, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	g := open(t, o.URL+"/a.mbtiles", options(t, dir))
	for _, x := range []*File{f, g} {
		expect(t, x, o.data, sqlpages.Span{Off: 0, Len: 1 << 20})
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadDir(dir)
	if err != nil || len(after) != len(before) {
		t.Errorf("%d files, then %d, %v", len(before), len(after), err)
	}
}

// What is dropped is fetched again.
func TestForgetAndDrop(t *testing.T) {
	t.Parallel()
	o := serve(t, 1<<20)
	f := open(t, o.URL+"/a.mbtiles", options(t, t.TempDir()))
	all := []sqlpages.Span{{Off: 0, Len: 1 << 62}}
	expect(t, f, o.data, sqlpages.Span{Off: 0, Len: 1 << 20})
	if err := f.Drop([]sqlpages.Span{{Off: 500_000, Len: 100_000}}); err != nil {
		t.Fatal(err)
	}
	if n := f.Missing(all); n < 100_000 || n > 100_000+2*block {
		t.Errorf("%d bytes are missing after 100,000 were dropped", n)
	}
	if err := f.Forget(all); err != nil {
		t.Fatal(err)
	}
	if n := f.Missing(all); n != 1<<20 {
		t.Errorf("%d bytes are missing", n)
	}
	expect(t, f, o.data, sqlpages.Span{Off: 0, Len: 1 << 20})
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.mbtiles": "a.mbtiles", "/a/b.mbtiles": "/a/b.mbtiles",
		"HTTPS://me:pass@Example.org:80/a/b.mbtiles?token=x#y": "https://Example.org:80/a/b.mbtiles",
		"http:/a.mbtiles": "http:/a.mbtiles",
	} {
		if got := Shown(name); got != want {
			t.Errorf("%s is shown as %s, want %s", name, got, want)
		}
	}
}

func TestBitmap(t *testing.T) {
	t.Parallel()
	const n = 300
	b, want := newBitmap(n), make([]bool, n)
	for range 1000 {
		first := rand.Int64N(n)
		end := first + rand.Int64N(n-first+1)
		v := rand.Uint32()&1 == 0
		b.set(first, end, v)
		for i := first; i < end; i++ {
			want[i] = v
		}
		got := make([]bool, n)
		for i := b.next(0, n, true); i < n; i = b.next(i+1, n, true) {
			got[i] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("after %d to %d %v (-want +got):\n%s", first, end, v, diff)
		}
		for i := b.next(0, n, false); i < n; i = b.next(i+1, n, false) {
			if want[i] {
				t.Fatalf("bit %d is not clear", i)
			}
		}
	}
}

// The process goes on where it was when its context ends, and says so.
func TestCancelled(t *testing.T) {
	t.Parallel()
	o := serve(t, 1<<20)
	f := open(t, o.URL+"/a.mbtiles", options(t, t.TempDir()))
	asked, release := make(chan struct{}, 64), make(chan struct{})
	o.fault(func(_ http.ResponseWriter, r *http.Request) bool {
		asked <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
		return false
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	span := sqlpages.Span{Off: 500_000, Len: 100_000}
	if err := f.Want(ctx, []sqlpages.Span{span}); !errors.Is(err, ctx.Err()) || err == nil {
		t.Errorf("%v", err)
	}
	close(release)
	expect(t, f, o.data, span) // by another one, who is not
}

// A cancelled call ends: it was once tried for ever, for nothing was asked for and nothing failed.
func TestCancelledBefore(t *testing.T) {
	t.Parallel()
	o := serve(t, 1<<20)
	f := open(t, o.URL+"/a.mbtiles", options(t, t.TempDir()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	before := o.requests.Load()
	if err := f.Want(ctx, []sqlpages.Span{{Off: 200_000, Len: 100_000}}); !errors.Is(err,
		context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
	if n := o.requests.Load() - before; n != 0 {
		t.Errorf("%d requests", n)
	}
}

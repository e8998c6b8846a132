package opener

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// lie answers a request for the bytes from from to to, exclusively, of data otherwise than right.
// other is another archive of the same names, which was there before.
type lie struct {
	name string
	do   func(a answer)
}

type answer struct {
	w           http.ResponseWriter
	from, to    int64
	data, other []byte
	rng         *rand.Rand
}

// part is an answer with a body that claims to be the part from from to to.
func (a answer) part(from, to int64, body []byte) {
	h := a.w.Header()
	h.Set("ETag", `"1"`)
	h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(a.data)))
	h.Set("Content-Length", fmt.Sprint(to-from))
	a.w.WriteHeader(http.StatusPartialContent)
	_, _ = a.w.Write(body) // the connection is closed if it is shorter than it claims
}

func (a answer) right() []byte { return bytes.Clone(a.data[a.from:a.to]) }

// elsewhere is as many bytes of another place of the file.
func (a answer) elsewhere() []byte {
	n := a.to - a.from
	at := a.rng.Int64N(int64(len(a.data)) - n + 1)
	return bytes.Clone(a.data[at : at+n])
}

func (a answer) page(code int) {
	a.w.Header().Set("Content-Type", "text/html")
	a.w.WriteHeader(code)
	_, _ = io.WriteString(a.w, "<html><title>Sign in</title></html>")
}

var lies = []lie{
	{"cut", func(a answer) { b := a.right(); a.part(a.from, a.to, b[:a.rng.IntN(len(b))]) }},
	{"shorter, and says so", func(a answer) {
		b := a.right()
		n := 1 + a.rng.IntN(len(b))
		a.part(a.from, a.from+int64(n), b[:n])
	}},
	{"swapped", func(a answer) { a.part(a.from, a.to, a.elsewhere()) }},
	{"of the file before", func(a answer) {
		b := make([]byte, a.to-a.from)
		if a.from < int64(len(a.other)) {
			copy(b, a.other[a.from:])
		}
		a.part(a.from, a.to, b)
	}},
	{"flipped bit", func(a answer) {
		b := a.right()
		b[a.rng.IntN(len(b))] ^= 1 << a.rng.IntN(8)
		a.part(a.from, a.to, b)
	}},
	{"zeros", func(a answer) { a.part(a.from, a.to, make([]byte, a.to-a.from)) }},
	{"two blocks exchanged", func(a answer) {
		b := a.right()
		const block = 8 << 10
		if n := len(b) / block; n > 1 {
			i, j := a.rng.IntN(n)*block, a.rng.IntN(n)*block
			first := bytes.Clone(b[i : i+block])
			copy(b[i:], b[j:j+block])
			copy(b[j:], first)
		}
		a.part(a.from, a.to, b)
	}},
	{"wrong range", func(a answer) { a.part(a.from+1, a.to+1, a.right()) }},
	{"stale ETag", func(a answer) {
		a.w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", a.from, a.to-1, len(a.data)))
		a.w.Header().Set("ETag", `"0"`)
		a.w.WriteHeader(http.StatusPartialContent)
		_, _ = a.w.Write(a.elsewhere())
	}},
	{"another size", func(a answer) {
		a.w.Header().Set("Content-Range",
			fmt.Sprintf("bytes %d-%d/%d", a.from, a.to-1, len(a.data)+8192))
		a.w.Header().Set("ETag", `"1"`)
		a.w.WriteHeader(http.StatusPartialContent)
		_, _ = a.w.Write(a.elsewhere())
	}},
	{"compressed", func(a answer) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(a.right())
		_ = z.Close()
		h := a.w.Header()
		h.Set("ETag", `"1"`)
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", a.from, a.to-1, len(a.data)))
		a.w.WriteHeader(http.StatusPartialContent)
		_, _ = a.w.Write(b.Bytes())
	}},
	{"inflated", func(a answer) {
		a.w.Header().Set("ETag", `"1"`)
		a.w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", a.from, a.to-1, len(a.data)))
		a.w.WriteHeader(http.StatusPartialContent)
		_, _ = a.w.Write(append(a.elsewhere(), a.right()...)) // twice as much, without a length
	}},
	{"200 with the whole", func(a answer) {
		a.w.Header().Set("ETag", `"1"`)
		_, _ = a.w.Write(a.data)
	}},
	{"200 with the part", func(a answer) {
		a.w.Header().Set("ETag", `"1"`)
		_, _ = a.w.Write(a.right())
	}},
	{"416", func(a answer) { a.w.WriteHeader(http.StatusRequestedRangeNotSatisfiable) }},
	{"404", func(a answer) { a.page(http.StatusNotFound) }},
	{"403", func(a answer) { a.page(http.StatusForbidden) }},
	{"503", func(a answer) { a.page(http.StatusServiceUnavailable) }},
	{"a login page", func(a answer) { a.page(http.StatusOK) }},
}

// liar is a server of one file that lies in one answer of share.
type liar struct {
	*httptest.Server
	data, other []byte
	share       atomic.Int64 // 0: it does not lie
	told        atomic.Int64

	mu    sync.Mutex
	rng   *rand.Rand
	deck  []int // the lies that are still to come before one comes again
	kinds map[string]int
}

func newLiar(t *testing.T, data, other []byte) *liar {
	t.Helper()
	l := &liar{data: data, other: other, rng: rand.New(rand.NewPCG(17, 2)), kinds: map[string]int{}}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := answer{w: w, data: l.data, other: l.other}
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &a.from, &a.to); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	a.to = min(a.to+1, int64(len(l.data)))
	l.mu.Lock()
	share := l.share.Load()
	lying := share > 0 && l.rng.Int64N(share) == 0
	var one lie
	if a.rng = rand.New(rand.NewPCG(l.rng.Uint64(), 0)); lying {
		if len(l.deck) == 0 {
			l.deck = l.rng.Perm(len(lies))
		}
		one, l.deck = lies[l.deck[0]], l.deck[1:]
		l.kinds[one.name]++
	}
	l.mu.Unlock()
	if !lying {
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "a.mbtiles", time.Time{}, bytes.NewReader(l.data))
		return
	}
	l.told.Add(1)
	one.do(a)
}

// readable makes an archive of textures of several sizes, and returns their files by name.
func readable(t *testing.T, path string, seed byte) map[string][]byte {
	t.Helper()
	w, err := mbtiles.Create(t.Context(), path, mbtiles.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	noise := rand.NewChaCha8([32]byte{seed})
	files := map[string][]byte{}
	for i := range 24 {
		l := dds.Layout{Format: dds.BC1, Side: 256 << (i % 3)}
		file := make([]byte, l.Size())
		header := l.Header()
		noisy := file[copy(file, header[:]):]
		if i%2 == 0 { // others are partly flat, and compressed
			noisy = noisy[len(noisy)/2:]
		}
		_, _ = noise.Read(noisy)
		content, err := mbtiles.NewEncoder(mbtiles.Fast).Encode(file)
		x := tiles.Texture{Row: 23952, Col: 33712 + 16*uint32(i), ZL: 16, Maptype: "BI"}
		if err == nil {
			err = w.Put(t.Context(), mbtiles.Record{Texture: x, Detail: 2, Chunks: 1}, content)
		}
		if err != nil {
			t.Fatal(err)
		}
		files[x.Name()] = file
	}
	if err := w.Finish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return files
}

// A server that lies in every way is an error, or asked again: no wrong byte of a texture is given
// out, nor put into an archive that is extracted. Once it is honest, all is right.
func TestFaultyAnswersDrill(t *testing.T) {
	drill.SkipIfShort(t)
	t.Parallel()
	const most = 4 // uses with an honest server, until the cache is given up
	spoiled := 0
	goal := drill.Scale[int64](10_000, 150)
	dir := t.TempDir()
	files := readable(t, filepath.Join(dir, "a.mbtiles"), 1)
	readable(t, filepath.Join(dir, "b.mbtiles"), 2)
	data, errA := os.ReadFile(filepath.Join(dir, "a.mbtiles"))
	other, errB := os.ReadFile(filepath.Join(dir, "b.mbtiles"))
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	l := newLiar(t, data, other)
	rng := rand.New(rand.NewPCG(17, 1))
	tried := tally{t: t, files: files, rng: rng}
	for round := 0; l.told.Load() < goal; round++ {
		l.share.Store([]int64{1, 2, 3, 6}[round%4])
		o := &Opener{Note: func(string) {}, Dir: filepath.Join(dir, fmt.Sprint("cache", round/8)),
			client: fetch.NewClient(fetch.ClientOptions{Retries: 1, Backoff: 1, Patience: -1})}
		tried.use(t.Context(), o, l.URL+"/a.mbtiles", filepath.Join(dir, "out.mbtiles"))
		if round%8 == 7 { // the cache has seen it all
			l.share.Store(0)
			for n := range most + 1 {
				if n == most { // what is left of the lies is in the cache
					spoiled++
					o.Dir += "-anew"
				}
				honest := tried
				tried.use(t.Context(), o, l.URL+"/a.mbtiles", filepath.Join(dir, "out.mbtiles"))
				if tried.failed == honest.failed && tried.extracted > honest.extracted {
					break
				}
				if n == most {
					t.Errorf("round %d: with an honest server: %v", round, tried.last)
				}
			}
			if err := os.RemoveAll(o.Dir); err != nil {
				t.Error(err)
			}
		}
		o.Close()
		if t.Failed() {
			break
		}
	}
	t.Logf("%d faulty answers, %d kinds; %d reads right, %d failed, %d archives extracted; %d caches "+
		"given up", l.told.Load(), len(l.kinds), tried.right, tried.failed, tried.extracted, spoiled)
	if len(l.kinds) < len(lies) {
		t.Errorf("only %v", l.kinds)
	}
	if tried.right == 0 || tried.failed == 0 {
		t.Error("nothing was tried")
	}
	drill.Row(t, fmt.Sprintf("wrong bytes given out after %d faulty answers of %d kinds", l.told.Load(),
		len(lies)), "0", fmt.Sprint(tried.wrong), tried.wrong == 0)
}

// tally is what came of using archives.
type tally struct {
	t                               *testing.T
	files                           map[string][]byte
	rng                             *rand.Rand
	right, failed, wrong, extracted int
	last                            error
}

// use reads all textures of an archive, some in part, and extracts it.
func (y *tally) use(ctx context.Context, o *Opener, url, out string) {
	fail := func(err error) { y.failed, y.last = y.failed+1, err }
	a, err := o.Open(ctx, url, mbtiles.ReaderOptions{})
	if err != nil {
		fail(err)
		return
	}
	defer a.Close()
	for e := range a.All() {
		want, ok := y.files[e.Texture.Name()]
		if !ok {
			fail(errors.New("it has a texture of another name"))
			continue
		}
		from := y.rng.IntN(2) * y.rng.IntN(len(want))
		got := make([]byte, 1+y.rng.IntN(len(want)-from))
		if _, err := a.ReadAt(ctx, e, got, int64(from)); err != nil && !errors.Is(err, io.EOF) {
			fail(err)
		} else if !bytes.Equal(got, want[from:][:len(got)]) {
			y.wrong++
			y.t.Errorf("%s: wrong bytes from %d on, %d of them", e.Texture.Name(), from, len(got))
		} else {
			y.right++
		}
	}
	if err := os.RemoveAll(out); err != nil {
		y.t.Error(err)
	}
	if _, err := a.Extract(ctx, out, nil, mbtiles.CopyOptions{Quick: true}); err != nil {
		fail(err)
		return
	}
	made, err := mbtiles.Open(ctx, out)
	if err != nil {
		y.t.Error(err)
		return
	}
	defer made.Close()
	r, err := made.Verify(ctx, mbtiles.VerifyOptions{})
	if err != nil || !r.OK {
		y.wrong++
		y.t.Errorf("an extracted archive does not verify: %v %v", err, r.Problems)
	}
	for e := range made.All() {
		got := make([]byte, e.Layout.Size())
		_, err := made.ReadAt(ctx, e, got, 0)
		if err != nil || !bytes.Equal(got, y.files[e.Texture.Name()]) {
			y.wrong++
			y.t.Errorf("%s: wrong bytes in an extracted archive, %v", e.Texture.Name(), err)
		}
	}
	y.extracted++
}

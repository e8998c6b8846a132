package mbtiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/dds"
)

// files lists a folder.
func files(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// sqlNumber asks an archive directly.
func sqlNumber(t testing.TB, path, query string) int64 {
	t.Helper()
	c, err := sqlite.Dial(path, sqlite.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	n, err := c.Number(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRecord(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	content := encode(t, Best, ddsFile(small, 1))
	want := Record{
		Texture: texture(t, "23952_33712_Arc@16"), Detail: 4,
		Chunks: 1, Overzoomed: 2, Missing: 3, Failed: 4, Provider: "arcgis",
	}
	if err := w.Put(t.Context(), want, content); err != nil {
		t.Fatal(err)
	}
	want.Layout, want.SHA256 = small, content.SHA256()
	k := texture(t, "23952_33712_aRC@16").Key()
	check := func(when string, got Record, ok bool) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: found %v, record (-want +got):\n%s", when, ok, diff)
		}
	}
	got, ok := w.Has(k)
	check("queued", got, ok)
	if err := w.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(w.pending) != 0 {
		t.Errorf("%d records are pending after a flush", len(w.pending))
	}
	got, ok = w.Has(k)
	check("committed", got, ok)
	k.Row += 16
	if _, ok := w.Has(k); ok {
		t.Error("the archive has what was never put")
	}
	finish(t, w)
	a := openAt(t, path)
	e, _ := a.Lookup(want.Key())
	got, err := a.Record(t.Context(), e)
	check("read", got, err == nil)
}

// Nothing but the archive is left, whatever its path looks like, and it opens.
// Equal files are stored once, whatever they are called.
func TestDedupe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	sea := solidFile(small, 0x1234)
	for i := range 20 {
		put(t, w, fmt.Sprintf("%d_16_BI12", 16*i), sea)
	}
	put(t, w, "16_32_BI12", ddsFile(small, 1))
	finish(t, w)
	a := openAt(t, path)
	info, err := a.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Textures != 21 || info.Contents != 2 {
		t.Errorf("%d textures, %d contents, want 21 and 2", info.Textures, info.Contents)
	}
	if n := sqlNumber(t, path, "SELECT count(*) FROM segments"); n != 2 {
		t.Errorf("%d segments, want 2", n)
	}
	mustVerify(t, a)
}

// A second Put replaces the first and takes its content along, unless another texture has it.
func TestReplace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	shared, old, repaired := ddsFile(small, 1), ddsFile(full, 2), ddsFile(small, 3)
	put(t, w, "32_16_BI12", shared)
	put(t, w, "48_16_BI12", shared)
	put(t, w, "64_16_BI12", old)
	if err := w.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, w, "32_16_bi12", repaired) // another case is the same texture
	put(t, w, "64_16_BI12", repaired)
	put(t, w, "64_16_BI12", repaired)
	finish(t, w)
	a := openAt(t, path)
	mustVerify(t, a) // which finds what no texture has
	var names []string
	for e := range a.All() {
		names = append(names, e.Texture.Name())
	}
	if diff := cmp.Diff([]string{"32_16_bi12", "48_16_BI12", "64_16_BI12"}, names); diff != "" {
		t.Errorf("textures (-want +got):\n%s", diff)
	}
	for name, want := range map[string][]byte{"32_16_BI12": repaired, "48_16_BI12": shared, "64_16_BI12": repaired} {
		var got bytes.Buffer
		if err := a.WriteTo(t.Context(), lookup(t, a, name), &got); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: %v, equal %v", name, err, bytes.Equal(got.Bytes(), want))
		}
	}
	if n := sqlNumber(t, path, "SELECT count(*) FROM contents"); n != 2 {
		t.Errorf("%d contents, want 2", n)
	}
}

func TestPutInvalid(t *testing.T) {
	t.Parallel()
	w := createAt(t, filepath.Join(t.TempDir(), "a.mbtiles"))
	content := encode(t, None, ddsFile(small, 1))
	good := Record{Texture: texture(t, "32_16_BI12")}
	for _, tt := range []struct {
		name string
		harm func(*Record)
	}{
		{"misaligned", func(r *Record) { r.Row++ }},
		{"outside", func(r *Record) { r.Col = 1 << 20 }},
		{"no maptype", func(r *Record) { r.Maptype = "" }},
		{"mask", func(r *Record) { r.Maptype = "ZL" }},
		{"detail", func(r *Record) { r.Detail = 5 }},
		{"negative", func(r *Record) { r.Failed = -1 }},
		{"too many", func(r *Record) { r.Chunks = 257 }},
	} {
		r := good
		tt.harm(&r)
		if err := w.Put(t.Context(), r, content); err == nil {
			t.Errorf("%s was accepted", tt.name)
		}
	}
	if err := w.Put(t.Context(), good, content); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

func TestEncodeInvalid(t *testing.T) {
	t.Parallel()
	file := ddsFile(small, 1)
	for name, bad := range map[string][]byte{
		"empty": nil, "short": file[:len(file)-1], "long": append(slices.Clone(file), 0), "no header": file[1:], "text": []byte(strings.Repeat("x", 5000)),
	} {
		if _, err := NewEncoder(Fast).Encode(bad); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// A Content holds nothing of the file it was made from.
func TestContentDoesNotAlias(t *testing.T) {
	t.Parallel()
	for _, c := range []Compression{None, Fast, Best} {
		file := ddsFile(small, 1)
		enc := NewEncoder(c)
		content, err := enc.Encode(file)
		if err != nil {
			t.Fatal(err)
		}
		before := slices.Clone(content.stored.Segments[0].Data)
		clear(file[128:])
		if _, err := enc.Encode(file); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(before, content.stored.Segments[0].Data) {
			t.Errorf("%v: the content changed with the file", c)
		}
	}
}

func TestParseCompression(t *testing.T) {
	t.Parallel()
	for _, c := range []Compression{None, Fast, Best} {
		if got, err := ParseCompression(strings.ToUpper(c.String())); got != c || err != nil {
			t.Errorf("%v: %v, %v", c, got, err)
		}
	}
	if _, err := ParseCompression("lots"); err == nil || !strings.Contains(err.Error(), "none, fast or best") {
		t.Errorf("error %v does not list the known", err)
	}
}

// What is queued is bounded: a Put waits for room, and gives up with its context.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	content := encode(t, None, ddsFile(full, 1))
	w, err := Create(t.Context(), path, WriterOptions{QueueBytes: content.Bytes() + content.Bytes()/2})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	busy, release := make(chan struct{}), make(chan struct{})
	err = w.enqueue(t.Context(), job{do: func(context.Context) error { close(busy); <-release; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	<-busy
	first, second := Record{Texture: texture(t, "32_16_BI12")}, Record{Texture: texture(t, "48_16_BI12")}
	if err := w.Put(t.Context(), first, content); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := w.Put(ctx, second, content); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a Put beyond the bound: %v", err)
	}
	close(release)
	if _, ok := w.Has(second.Key()); ok {
		t.Error("the archive claims to have what was never queued")
	}
	if err := w.Put(t.Context(), second, content); err != nil {
		t.Error(err)
	}
}

// A content larger than the whole queue still goes through.
func TestQueueSmallerThanContent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w, err := Create(t.Context(), path, WriterOptions{QueueBytes: 1, CommitBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for i := range 3 {
		put(t, w, fmt.Sprintf("%d_16_BI12", 16*i), ddsFile(full, uint64(i)))
	}
	finish(t, w)
	mustVerify(t, openAt(t, path))
}

// A transaction ends after CommitEvery though nothing else happens.
func TestCommitEvery(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w, err := Create(t.Context(), path, WriterOptions{CommitEvery: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for round := range 3 {
		put(t, w, fmt.Sprintf("%d_16_BI12", 16*round), ddsFile(small, uint64(round)))
		for sqlNumber(t, path+partSuffix, "SELECT count(*) FROM textures") != int64(round+1) {
			if err := t.Context().Err(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

func TestPutAfterClose(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	r, content := Record{Texture: texture(t, "32_16_BI12")}, encode(t, None, ddsFile(small, 1))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Put(t.Context(), r, content); !errors.Is(err, ErrClosed) {
		t.Errorf("Put: %v", err)
	}
	if err := w.Finish(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Finish: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

// Many goroutines put at once, some of them the same textures, while others ask.
func TestPutConcurrent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w, err := Create(t.Context(), path, WriterOptions{QueueBytes: 200 << 10, CommitBytes: 300 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 20 {
				name := fmt.Sprintf("%d_%d_BI12", 16*(i%10), 16*(g%2))
				put(t, w, name, ddsFile(small, uint64(i)))
				if _, ok := w.Has(texture(t, name).Key()); !ok {
					t.Errorf("%s was put and is not there", name)
				}
			}
		})
	}
	wg.Wait()
	finish(t, w)
	a := openAt(t, path)
	mustVerify(t, a)
	if a.Len() != 20 {
		t.Errorf("%d textures, want 20", a.Len())
	}
}

// A Writer that is closed, or just left lying, is gone on with; what it had is there.
// An unfinished archive under the name of a finished one is not mistaken for it.
// Whatever is not ours is refused, and not a byte of it changes.
// A file that comes into being while the archive is built is not overwritten.
// The digest does not depend on the order, the number of writers or the interruptions.
func TestDigestIsOrderIndependent(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds under the race detector: for the full suite")
	}
	var names []string
	for i := range 12 {
		names = append(names, fmt.Sprintf("%d_%d_%s12", 16*(i%5), 16*(i%7), []string{"BI", "GO2", "x"}[i%3]))
	}
	build := func(names []string, resume bool) string {
		path := filepath.Join(t.TempDir(), "a.mbtiles")
		w := createAt(t, path)
		for i, name := range names {
			put(t, w, name, ddsFile(small, uint64(texture(t, name).Row)))
			if resume && i%4 == 3 {
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				w = createAt(t, path)
			}
		}
		finish(t, w)
		return mustVerify(t, openAt(t, path)).Digest
	}
	want := build(names, false)
	slices.Reverse(names)
	if got := build(names, false); got != want {
		t.Errorf("in reverse: %s, want %s", got, want)
	}
	if got := build(names, true); got != want {
		t.Errorf("with interruptions: %s, want %s", got, want)
	}
	if got := build(names[1:], false); got == want {
		t.Error("a texture less, and the digest is the same")
	}
}

// Metadata: what follows from the textures, what the caller says, and no secrets.
func TestMetadata(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "my flight.mbtiles")
	w := createAt(t, path)
	put(t, w, "0_0_BI12", ddsFile(dds.Layout{Format: dds.BC3, Side: 512}, 1))
	put(t, w, "16_0_BI12", ddsFile(small, 2))
	hole := Record{Texture: texture(t, "65536_65536_GO217"), Detail: 4, Chunks: 1, Failed: 1}
	if err := w.Put(t.Context(), hole, encode(t, Fast, ddsFile(small, 3))); err != nil {
		t.Fatal(err)
	}
	for key := range map[string]bool{"digest": true, "state": true, "xelpack:format_version": true} {
		if err := w.Finish(t.Context(), map[string]string{key: "mine"}); err == nil {
			t.Errorf("the caller may set %q", key)
		}
	}
	err := w.Finish(t.Context(), map[string]string{
		"attribution": "© somebody", "plan": `{"bbox":"1,2,3,4"}`, "xelpack:licence": "CC0", "bounds": "mine",
		"template": "https://x/{z}/{x}/{y}?access_token=pk.12345&g=1&api_key={token}",
	})
	if err != nil {
		t.Fatal(err)
	}
	a := openAt(t, path)
	info, err := a.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	digest := mustVerify(t, a).Digest
	want := Info{
		State: "complete", Digest: digest, Textures: 3, Contents: 3, Holes: 1,
		Failed: 1, Previews: info.Previews,
		ByZL: map[int]int{12: 2, 17: 1}, ByFormat: map[string]int{"BC1": 2, "BC3": 1}, ByDetail: map[int]int{0: 2, 4: 1},
		Bytes: 349680 + 2*43832, FileBytes: stat.Size(),
		Sources: terms.Sources{{Licence: "CC0", Terms: terms.Of("CC0"), Attribution: "© somebody"}}, Terms: terms.Of("CC0"),
		Metadata: map[string]string{
			"name": "my flight", "format": "jpg", "type": "baselayer", "version": "1", "attribution": "© somebody",
			"bounds": "-180.0000000,-0.0439453,0.0439453,85.0511288", "center": "-89.9780273,42.5035917,1", "minzoom": "0", "maxzoom": "13",
			"xelpack:format_version": "1", "xelpack:state": "complete", "xelpack:digest": digest,
			"xelpack:plan": `{"bbox":"1,2,3,4"}`, "xelpack:licence": "CC0", "xelpack:bounds": "mine",
			"xelpack:template": "https://x/{z}/{x}/{y}?access_token=REDACTED&g=1&api_key={token}",
		},
	}
	if diff := cmp.Diff(want, info); diff != "" {
		t.Errorf("info (-want +got):\n%s", diff)
	}
}

// An archive of nothing is still one.
func TestEmptyArchive(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	finish(t, createAt(t, path))
	a := openAt(t, path)
	const ofNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if got := mustVerify(t, a).Digest; got != ofNothing {
		t.Errorf("digest %s, want %s", got, ofNothing)
	}
}

// A .part can be read while it is written, as far as it is committed. While another program reads
// the .part it cannot become the archive; nothing is lost, and the next Finish succeeds.

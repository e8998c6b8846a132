package mbtiles

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

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

// Equal files are stored once, whatever they are called.
func TestDedupe(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
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
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
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
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	path := filepath.Join(t.TempDir(), "my flight.mbtiles")
	w := createAt(t, path)
	put(t, w, "0_0_BI12", ddsFile(dds.Layout{Format: dds.BC3, Side: 512}, 1))
	put(t, w, "16_0_BI12", ddsFile(small, 2))
	hole := Record{Texture: texture(t, "65536_65536_GO217"), Detail: 4, Chunks: 1, Failed: 1}
	if err := w.Put(t.Context(), hole, encode(t, Fast, ddsFile(small, 3))); err != nil {
		t.Fatal(err)
	}
	for key := range map[string]bool{"digest": true, "root": true, "state": true, "xelpack:format_version": true} {
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
	verified := mustVerify(t, a)
	digest := verified.Digest
	want := Info{
		State: "complete", Digest: digest, Format: 2, Root: verified.Root, Textures: 3, Contents: 3, Holes: 1,
		Failed: 1, Previews: info.Previews,
		ByZL: map[int]int{12: 2, 17: 1}, ByFormat: map[string]int{"BC1": 2, "BC3": 1}, ByDetail: map[int]int{0: 2, 4: 1},
		Bytes: 349680 + 2*43832, FileBytes: stat.Size(),
		Sources: terms.Sources{{Licence: "CC0", Terms: terms.Of("CC0"), Attribution: "© somebody"}}, Terms: terms.Of("CC0"),
		Metadata: map[string]string{
			"name": "my flight", "format": "jpg", "type": "baselayer", "version": "1", "attribution": "© somebody",
			"bounds": "-180.0000000,-0.0439453,0.0439453,85.0511288", "center": "-89.9780273,42.5035917,1", "minzoom": "0", "maxzoom": "13",
			"xelpack:format_version": "2", "xelpack:state": "complete", "xelpack:digest": digest, "xelpack:root": verified.Root,
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

package mbtiles

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/dds"
)

func repack(t testing.TB, a *Archive, o CopyOptions) *Archive {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	if _, err := a.Repack(t.Context(), path, o); err != nil {
		t.Fatal(err)
	}
	return openAt(t, path)
}

// contentsOf is enough of everything: layouts, shared contents, several maptypes on a square, zoom
// levels on top of each other.
func contentsOf() map[string][]byte {
	files := mixture()
	files["48_48_BI12"] = halfNoise(dds.Layout{Format: dds.BC3, Side: 256})
	files["64_48_BI12"] = solidFile(dds.Layout{Format: dds.BC1, Side: 1024}, green)
	files["64_48_AA12"] = ddsFile(dds.Layout{Format: dds.BC3, Side: 1024}, 3)
	files["80_48_BI12"] = files["64_48_BI12"]
	files["96_48_BI12"] = ddsFile(dds.Layout{Format: dds.BC1, Side: 2048}, 4)
	files["384_192_BI14"] = ddsFile(small, 5)
	return files
}

var ofEachKind struct {
	sync.Once
	archive []byte
}

// buildEachKind makes an archive of contentsOf, as build would: it is built once for all tests.
func buildEachKind(t testing.TB) *Archive {
	t.Helper()
	ofEachKind.Do(func() {
		var err error
		if ofEachKind.archive, err = os.ReadFile(build(t, contentsOf()).path); err != nil {
			t.Fatal(err)
		}
	})
	return openAt(t, write(t, ofEachKind.archive))
}

// A repacked archive holds the same textures, passes SQLite's own checks and ours, and has the
// previews of the one that was built.
func TestRepack(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("copies and decodes many textures: for the full suite")
	}
	a := buildEachKind(t)
	b := repack(t, a, CopyOptions{})
	if got, want := mustVerify(t, b).Digest, mustVerify(t, a).Digest; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	if diff := cmp.Diff(allTiles(t, a), allTiles(t, b)); diff != "" {
		t.Errorf("previews (-want +got):\n%.1000s", diff)
	}
	integrity(t, b.path)
	for e := range a.All() {
		f, _ := b.Lookup(e.Texture.Key())
		want, errWant := a.Record(t.Context(), e)
		got, errGot := b.Record(t.Context(), f)
		if diff := cmp.Diff(want, got); diff != "" || errWant != nil || errGot != nil {
			t.Errorf("%s: %v, %v (-want +got):\n%s", e.Texture, errWant, errGot, diff)
		}
	}
	const stored = `SELECT sum(length(data) * (codec + 1)) FROM segments`
	if got, want := sqlNumber(t, b.path, stored), sqlNumber(t, a.path, stored); got != want {
		t.Errorf("%d bytes stored, want %d", got, want)
	}
	if diff := cmp.Diff([]string{"a.mbtiles"}, files(t, filepath.Dir(b.path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// integrity has SQLite look at every page.
func integrity(t *testing.T, path string) {
	t.Helper()
	c, err := sqlite.Dial(path, sqlite.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if found, err := sqlite.Walk(t.Context(), c, sqlite.WholeFile); err != nil || len(found) > 0 {
		t.Errorf("integrity: %q, %v", found, err)
	}
}

// Archives of the same textures become the same bytes, whatever the order in which they were put,
// what was put before and replaced, how transactions fell and how many workers there were.
func TestRepackCanonical(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("copies and decodes many textures: for the full suite")
	}
	contents := contentsOf()
	names := make([]string, 0, len(contents))
	for name := range contents {
		names = append(names, name)
	}
	var want []byte
	for i := range 3 {
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		path := filepath.Join(t.TempDir(), "a.mbtiles")
		w, err := Create(t.Context(), path, WriterOptions{CommitBytes: 1 << uint(16+4*i)})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		put(t, w, names[0], ddsFile(small, 77)) // replaced below
		for _, name := range names {
			put(t, w, name, contents[name])
		}
		if err := w.Finish(t.Context(), map[string]string{"plan": "{}", "attribution": "©"}); err != nil {
			t.Fatal(err)
		}
		a := repack(t, openAt(t, path), CopyOptions{Workers: 1 + 2*i})
		got, err := os.ReadFile(a.path)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("build %d: %d bytes that differ from the %d of build 0", i, len(got), len(want))
		}
	}
}

// Once canonical, always so, and in place as well.
func TestRepackInPlace(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes several archives of every kind of content: for the full suite")
	}
	a := repack(t, buildEachKind(t), CopyOptions{})
	before, err := os.ReadFile(a.path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Repack(t.Context(), a.path, CopyOptions{}); !errors.Is(err, ErrExists) {
		t.Errorf("without Replace: %v, want %v", err, ErrExists)
	}
	if _, err := a.Repack(t.Context(), a.path, CopyOptions{Replace: true}); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(a.path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("%v; equal: %v", err, bytes.Equal(before, after))
	}
}

// Who has opened an archive before another put a better one in its place does not undo that.
func TestRepackReplaced(t *testing.T) {
	t.Parallel()
	a := build(t, map[string][]byte{"16_16_BI12": ddsFile(small, 1)})
	better := build(t, map[string][]byte{"16_16_BI12": ddsFile(small, 2)})
	if _, err := better.Repack(t.Context(), a.path, CopyOptions{Replace: true}); err != nil {
		t.Fatal(err)
	}
	want := mustRead(t, a.path)
	if _, err := a.Repack(t.Context(), a.path, CopyOptions{Replace: true}); err == nil || !strings.Contains(err.Error(), "replaced since it was opened") {
		t.Errorf("got %v", err)
	}
	if !bytes.Equal(mustRead(t, a.path), want) {
		t.Error("the better one is gone")
	}
	if diff := cmp.Diff([]string{"a.mbtiles"}, files(t, filepath.Dir(a.path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// Recompressed, an archive is what it would have been had it been built so.
func TestRepackCompress(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes several archives of every kind of content: for the full suite")
	}
	contents := contentsOf()
	fast := buildEachKind(t)
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	for name, file := range contents {
		r := Record{Texture: texture(t, name), Chunks: 256, Provider: "test"}
		if err := w.Put(t.Context(), r, encode(t, None, file)); err != nil {
			t.Fatal(err)
		}
	}
	finish(t, w)
	raw := openAt(t, path)

	got, err := os.ReadFile(repack(t, raw, CopyOptions{Recompress: true, Compression: Fast}).path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(repack(t, fast, CopyOptions{}).path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes that differ from the %d of an archive built so", len(got), len(want))
	}
}

// Damage is an error that names the texture, nothing is left of the copy, and what stood at the
// path still does.
func TestCopyDamaged(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	for _, tt := range []struct {
		name  string
		o     CopyOptions
		fails bool
	}{{"decoded", CopyOptions{}, true}, {"recompressed", CopyOptions{Recompress: true, Compression: Best}, true}, {"quick", CopyOptions{Quick: true}, false}} {
		t.Run(tt.name, func(t *testing.T) {
			a := openAt(t, write(t, altered(t, sound(t), `UPDATE segments SET codec = 0, data = zeroblob(43704) WHERE id = 256`)))
			path := filepath.Join(t.TempDir(), "b.mbtiles")
			_, err := a.Repack(t.Context(), path, tt.o)
			if !tt.fails {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, ErrCorrupt) || !bytes.Contains([]byte(err.Error()), []byte("32_16_BI12")) {
				t.Errorf("got %v, want %v and the texture's name", err, ErrCorrupt)
			}
			if diff := cmp.Diff([]string(nil), files(t, filepath.Dir(path))); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCopyCancelled(t *testing.T) {
	t.Parallel()
	a := openAt(t, write(t, sound(t)))
	ctx, cancel := context.WithCancel(t.Context())
	path := filepath.Join(t.TempDir(), "b.mbtiles")
	_, err := a.Repack(ctx, path, CopyOptions{Progress: func(int64, int64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if diff := cmp.Diff([]string(nil), files(t, filepath.Dir(path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// What a copy is not made into: an archive, an unfinished one, one that somebody writes, another
// kind of file, a wrong name.
func TestCopyRefused(t *testing.T) {
	t.Parallel()
	a := build(t, map[string][]byte{"16_16_BI12": ddsFile(small, 1)})
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("text.mbtiles"), []byte("text"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("begun.mbtiles.part"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("gone.mbtiles-journal"), []byte("of an archive that was removed"), 0o666); err != nil {
		t.Fatal(err)
	}
	lock, err := sqlite.LockFile(at("locked.mbtiles" + partSuffix + sqlite.LockSuffix))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	before := files(t, dir)
	for _, tt := range []struct {
		path string
		want error
	}{
		{a.path, ErrExists}, {at("text.mbtiles"), ErrNotArchive}, {at("begun.mbtiles"), ErrUnfinished}, {at("locked.mbtiles"), ErrLocked},
		{at("gone.mbtiles"), ErrUnsettled}, {at("a.db"), ErrName}, {at("nowhere/a.mbtiles"), os.ErrNotExist},
	} {
		if _, err := a.Repack(t.Context(), tt.path, CopyOptions{}); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.path, err, tt.want)
		}
	}
	if diff := cmp.Diff(before, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if _, err := a.Extract(t.Context(), at("none.mbtiles"), func(Entry) bool { return false }, CopyOptions{}); !errors.Is(err, ErrNothing) {
		t.Errorf("nothing: got %v, want %v", err, ErrNothing)
	}
}

// What somebody else puts there while an archive is being made stays.
func TestCopyOverNewFile(t *testing.T) {
	t.Parallel()
	a := build(t, map[string][]byte{"16_16_BI12": ddsFile(small, 1)})
	path := filepath.Join(t.TempDir(), "b.mbtiles")
	o := CopyOptions{Progress: func(int64, int64) {
		if err := os.WriteFile(path, []byte("precious"), 0o666); err != nil {
			t.Error(err)
		}
	}}
	if _, err := a.Repack(t.Context(), path, o); err == nil {
		t.Error("Repack went through")
	}
	if got := string(mustRead(t, path)); got != "precious" {
		t.Errorf("the file now holds %d bytes", len(got))
	}
	if diff := cmp.Diff([]string{"b.mbtiles"}, files(t, filepath.Dir(path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// The remains of a copy that was killed are in nobody's way.
func TestCopyAfterKill(t *testing.T) {
	t.Parallel()
	a := build(t, map[string][]byte{"16_16_BI12": ddsFile(small, 1)})
	path := filepath.Join(t.TempDir(), "b.mbtiles")
	if err := os.WriteFile(path+partSuffix+copySuffix, bytes.Repeat([]byte("x"), 100_000), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Repack(t.Context(), path, CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	mustVerify(t, openAt(t, path))
	if diff := cmp.Diff([]string{"b.mbtiles"}, files(t, filepath.Dir(path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// An extraction of some textures is what a build of those is.
func TestExtract(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("copies and decodes many textures: for the full suite")
	}
	contents, a := contentsOf(), buildEachKind(t)
	some := func(e Entry) bool { return e.Texture.Maptype == "BI" && e.Texture.Row >= 48 }
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	report, err := a.Extract(t.Context(), path, some, CopyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name := range contents {
		if !some(Entry{Texture: texture(t, name)}) {
			delete(contents, name)
		}
	}
	want, err := os.ReadFile(repack(t, build(t, contents), CopyOptions{}).path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v; %d bytes, want the %d of a build of the part", err, len(got), len(want))
	}
	if report.Textures != len(contents) || report.FileBytes != int64(len(got)) || report.Digest != mustVerify(t, openAt(t, path)).Digest {
		t.Errorf("report %+v", report)
	}
}

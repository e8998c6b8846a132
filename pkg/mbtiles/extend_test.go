package mbtiles

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/sqlite"
)

func extend(t *testing.T, path string) *Writer {
	t.Helper()
	w, err := Create(t.Context(), path, WriterOptions{Extend: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// A complete archive that is gone on with stays whole until the new one takes its place.
func TestExtend(t *testing.T) {
	t.Parallel()
	path := write(t, sound(t))
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	unchanged := func(when string, want ...string) {
		t.Helper()
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, before) {
			t.Errorf("%s: the archive changed: %v", when, err)
		}
		if diff := cmp.Diff(want, files(t, filepath.Dir(path))); diff != "" {
			t.Errorf("%s: files (-want +got):\n%s", when, diff)
		}
	}
	// A process that was killed while it copied left this.
	if err := os.WriteFile(path+partSuffix+copySuffix, before[:1000], 0o666); err != nil {
		t.Fatal(err)
	}
	w := extend(t, path)
	if _, ok := w.Has(texture(t, "32_16_BI12").Key()); !ok {
		t.Error("what the archive has is not in the copy")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	unchanged("nothing done", "a.mbtiles")

	w = extend(t, path)
	put(t, w, "64_16_BI12", ddsFile(small, 3))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	unchanged("interrupted", "a.mbtiles", "a.mbtiles.part")

	w = extend(t, path)
	if _, ok := w.Has(texture(t, "64_16_BI12").Key()); !ok {
		t.Error("what was put before the interruption is lost")
	}
	put(t, w, "48_16_BI12", ddsFile(small, 4)) // in place of what is there
	finish(t, w)
	extended := openAt(t, path)
	direct := build(t, map[string][]byte{
		"32_16_BI12": ddsFile(small, 1), "48_16_BI12": ddsFile(small, 4), "64_16_BI12": ddsFile(small, 3),
	})
	if got, want := mustVerify(t, extended).Digest, mustVerify(t, direct).Digest; got != want {
		t.Errorf("digest %s, built directly %s", got, want)
	}
	if diff := cmp.Diff(allTiles(t, direct), allTiles(t, extended)); diff != "" {
		t.Errorf("previews (-want +got):\n%.1000s", diff)
	}
	if diff := cmp.Diff([]string{"a.mbtiles"}, files(t, filepath.Dir(path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// Only archives are gone on with.
func TestExtendForeign(t *testing.T) {
	t.Parallel()
	path := write(t, plainMBTiles(t))
	if _, err := Create(t.Context(), path, WriterOptions{Extend: true}); !errors.Is(err, ErrNotArchive) {
		t.Errorf("got %v, want %v", err, ErrNotArchive)
	}
	if diff := cmp.Diff([]string{"a.mbtiles"}, files(t, filepath.Dir(path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestExtendCancelled(t *testing.T) {
	t.Parallel()
	path := write(t, sound(t))
	lock, err := sqlite.LockFile(path + partSuffix + sqlite.LockSuffix)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := copyMissing(ctx, path+partSuffix, path); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if diff := cmp.Diff([]string{"a.mbtiles", "a.mbtiles.part.lock"}, files(t, filepath.Dir(path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

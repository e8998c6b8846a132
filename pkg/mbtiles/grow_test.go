package mbtiles

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/pkg/dds"
)

// What is removed is gone with all that only it needed, what is put is found by who has the file
// open, and the archive stays whole.
func TestGrow(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cache.mbtiles")
	w := growing(t, path)
	a := openAt(t, path+partSuffix)
	big := dds.Layout{Format: dds.BC1, Side: 1024}
	files := map[string][]byte{
		"160_320_BI16":  ddsFile(big, 1),
		"160_320_GO216": ddsFile(big, 2), // the same square: its preview is shown once the first is gone
		"160_336_BI16":  ddsFile(big, 3),
		"160_352_BI16":  ddsFile(big, 4),
		"160_368_BI16":  ddsFile(big, 4), // the same pixels
	}
	for name, file := range files {
		put(t, w, name, file)
	}
	full, err := w.Footprint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range files {
		e, found, err := a.Find(t.Context(), texture(t, name).Key())
		if err != nil || !found {
			t.Fatalf("Find %s: %v, %v", name, found, err)
		}
		got := make([]byte, len(file))
		if _, err := a.ReadAt(t.Context(), e, got, 0); err != nil || !bytes.Equal(got, file) {
			t.Errorf("%s: other bytes than were put, %v", name, err)
		}
	}
	for _, gone := range []string{"160_320_BI16", "160_336_BI16", "160_352_BI16", "16_16_BI16"} {
		if err := w.Remove(t.Context(), texture(t, gone).Key()); err != nil {
			t.Fatal(err)
		}
	}
	left, err := w.Footprint(t.Context())
	if err != nil || left > full-2*int64(len(files["160_336_BI16"]))*9/10 {
		t.Errorf("footprint %d after %d, %v: two contents should be gone", left, full, err)
	}
	if _, found, err := a.Find(t.Context(), texture(t, "160_352_BI16").Key()); found || err != nil {
		t.Errorf("a removed texture is found: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	finish(t, w)
	if report := mustVerify(t, openAt(t, path)); report.Textures != 2 {
		t.Errorf("%d textures are left, want 2", report.Textures)
	}
}

// The file gives back what it does not use, and what it uses is whole.
func TestShrink(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long and finds no race: for the full suite")
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cache.mbtiles")
	w := growing(t, path)
	a := openAt(t, path+partSuffix)
	big := dds.Layout{Format: dds.BC1, Side: 1024}
	name := func(i int) string { return fmt.Sprintf("160_%d_BI16", 320+16*i) }
	const textures = 64 // more than one step gives back
	for i := range textures {
		put(t, w, name(i), ddsFile(big, uint64(i)))
	}
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range textures - 1 {
		if err := w.Remove(t.Context(), texture(t, name(i)).Key()); err != nil {
			t.Fatal(err)
		}
	}
	used, err := w.Footprint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const keep = 8 << 20
	steps := 1
	for more := true; more; steps++ {
		if more, err = w.Shrink(t.Context(), used+keep); err != nil {
			t.Fatal(err)
		}
	}
	if still, err := w.Footprint(t.Context()); err != nil || still > used || steps < 2 {
		t.Errorf("%d bytes are in use, %d were before; %d steps; %v", still, used, steps, err)
	}
	last := texture(t, name(textures-1)).Key()
	e, found, err := a.Find(t.Context(), last)
	got := make([]byte, big.Size())
	if err != nil || !found {
		t.Fatalf("the last texture: %v, %v", found, err)
	}
	if _, err := a.ReadAt(t.Context(), e, got, 0); err != nil || !bytes.Equal(got, ddsFile(big, textures-1)) {
		t.Errorf("the last texture has other bytes, %v", err)
	}
	if err := errors.Join(a.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path + partSuffix); err != nil || info.Size() > used+keep || info.Size() < keep {
		t.Errorf("the file has %d bytes, want some %d; %v", info.Size(), used+keep, err)
	}
	mustVerify(t, openAt(t, path+partSuffix))
}

// The number of a content is never given to another while the archive is open: who still reads one
// that was removed gets an error, not another's bytes.
func TestContentsAreNumberedOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cache.mbtiles")
	w := growing(t, path)
	a := openAt(t, path+partSuffix)
	old, fresh := texture(t, "160_320_BI16").Key(), texture(t, "160_336_BI16").Key()
	put(t, w, "160_320_BI16", ddsFile(small, 1))
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	e, found, err := a.Find(t.Context(), old)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	if err := w.Remove(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	put(t, w, "160_336_BI16", ddsFile(small, 2))
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if next, _, err := a.Find(t.Context(), fresh); err != nil || next.content == e.content {
		t.Errorf("contents %d and %d, %v", e.content, next.content, err)
	}
	if _, err := a.ReadAt(t.Context(), e, make([]byte, small.Size()), 0); !errors.Is(err, ErrCorrupt) {
		t.Errorf("what was removed reads: %v, want ErrCorrupt", err)
	}
}

package mbtiles

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/pkg/dds"
)

// Contents taken from one archive and put into another make the same archive, and nothing is
// compressed anew.
func TestContentOfAnother(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds under the race detector: for the full suite")
	}
	files := mixture()
	files["48_48_BI12"] = halfNoise(dds.Layout{Format: dds.BC3, Side: 256})
	files["64_48_BI12"] = solidFile(full, green)
	a := build(t, files)
	path := filepath.Join(t.TempDir(), "b.mbtiles")
	w := createAt(t, path)
	for e := range a.All() {
		rec, err := a.Record(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		content, err := a.Content(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Put(t.Context(), rec, content); err != nil {
			t.Fatal(err)
		}
	}
	finish(t, w)
	b := openAt(t, path)
	if got, want := mustVerify(t, b).Digest, mustVerify(t, a).Digest; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	if diff := cmp.Diff(allTiles(t, a), allTiles(t, b)); diff != "" {
		t.Errorf("previews (-want +got):\n%.1000s", diff)
	}
	const query = `SELECT sum(length(data) * (codec + 1)) FROM segments`
	if got, want := sqlNumber(t, b.path, query), sqlNumber(t, a.path, query); got != want {
		t.Errorf("%d bytes stored, want %d", got, want)
	}
}

// Damage does not spread.
func TestContentDamaged(t *testing.T) {
	t.Parallel()
	a := openAt(t, write(t, altered(t, sound(t), `UPDATE segments SET codec = 0, data = zeroblob(43704) WHERE id = 256`)))
	if _, err := a.Content(t.Context(), lookup(t, a, "32_16_BI12")); !errors.Is(err, ErrCorrupt) {
		t.Errorf("got %v, want %v", err, ErrCorrupt)
	}
	if _, err := a.Content(t.Context(), lookup(t, a, "48_16_BI12")); err != nil {
		t.Errorf("the other texture: %v", err)
	}
}

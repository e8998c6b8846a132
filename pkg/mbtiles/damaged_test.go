package mbtiles

import (
	"path/filepath"
	"testing"
)

// Damaged bytes are replaced by a Put of the same texture, and by nothing less: without Damaged the
// hash vouches for them.
func TestDamaged(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	for _, told := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "a.mbtiles")
		w := createAt(t, path)
		put(t, w, "32_16_BI12", groundFile(small, 1))
		put(t, w, "48_16_BI12", groundFile(small, 2))
		put(t, w, "64_16_BI12", groundFile(small, 1)) // shares the damaged one
		finish(t, w)
		damaged := write(t, altered(t, mustRead(t, path), `UPDATE segments SET codec = 0, data = zeroblob(43704) WHERE id = 256`))
		w, err := Create(t.Context(), damaged, WriterOptions{Extend: true})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if told {
			if err := w.Damaged(t.Context(), texture(t, "32_16_BI12").Key(), texture(t, "16_16_BI12").Key()); err != nil {
				t.Fatal(err)
			}
		}
		put(t, w, "32_16_BI12", groundFile(small, 1))
		finish(t, w)
		a := openAt(t, damaged)
		r, err := a.Verify(t.Context(), VerifyOptions{})
		if err != nil || r.OK != told {
			t.Errorf("told %v: %+v, %v", told, r, err)
		}
		if info, err := a.Info(t.Context()); err != nil || info.Contents != 2 {
			t.Errorf("told %v: %d contents, %v", told, info.Contents, err)
		}
	}
}

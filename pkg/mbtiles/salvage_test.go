package mbtiles

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/internal/sqlpages"
)

// An archive that was cut short anywhere is a finding, never a failure; and what is salvaged of it,
// with the rest put again, is the old one.
func TestCutShort(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long and finds no race: for the full suite")
	}
	t.Parallel()
	whole := build(t, map[string][]byte{"16_16_BI12": groundFile(small, 1), "16_32_BI12": groundFile(small, 2), "32_16_BI12": groundFile(small, 3)})
	file := mustRead(t, whole.path)
	want, err := whole.Digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	salvaged := 0
	for n := 0; n < len(file); n += 2*sqlpages.PageSize + 1023 { // between pages, and within them
		path := write(t, file[:n])
		r, err := VerifyFile(t.Context(), path, VerifyOptions{Workers: 1})
		if err != nil || r.OK || r.Problems[0].Texture != "" {
			t.Fatalf("%d bytes: %+v, %v", n, r, err)
		}
		if r.Unreadable {
			continue
		}
		salvaged++
		a, err := OpenWith(t.Context(), path, ReaderOptions{Remains: true})
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		lost := make(map[string]bool)
		for _, p := range r.Problems {
			lost[p.Texture] = true
		}
		if err := a.Salvage(t.Context(), func(e Entry) bool { return !lost[e.Texture.Name()] }, CopyOptions{Quick: true}); err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		w, err := Create(t.Context(), path, WriterOptions{Extend: true})
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		for i, name := range []string{"16_16_BI12", "16_32_BI12", "32_16_BI12"} {
			if lost[name] {
				put(t, w, name, groundFile(small, uint64(i+1)))
			}
		}
		finish(t, w)
		mended := openAt(t, path)
		if got, err := mended.Digest(t.Context()); err != nil || got != want {
			t.Errorf("%d bytes: digest %s, %v; want %s", n, got, err, want)
		}
		if beside, err := os.ReadDir(filepath.Dir(path)); err != nil || len(beside) != 1 {
			t.Errorf("%d bytes: left beside it: %v, %v", n, beside, err)
		}
	}
	if salvaged == 0 {
		t.Error("nothing was salvaged of any")
	}
}

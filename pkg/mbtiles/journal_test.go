package mbtiles

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
)

// hotPart is what a writer that is killed in the middle of a transaction leaves: a .part some of
// whose pages are of the transaction, and its journal.
func hotPart(t testing.TB) (part, journal []byte) {
	t.Helper()
	path := write(t, altered(t, sound(t), `UPDATE metadata SET value = 'building' WHERE name = 'xelpack:state'`))
	c, err := sqlite.Dial(path, sqlite.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, s := range []string{`PRAGMA cache_size = 1`, `BEGIN`, `DELETE FROM segments`, `UPDATE textures SET detail = 3`, `INSERT INTO segments VALUES (1, 0, zeroblob(1000000))`} {
		if err := c.Exec(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	part, journal = mustRead(t, path), mustRead(t, path+sqlite.JournalSuffix)
	if len(journal) < sqlpages.PageSize || string(journal[:8]) == strings.Repeat("\x00", 8) {
		t.Fatalf("the journal of %d bytes is not hot", len(journal))
	}
	return part, journal
}

// Whoever opens what a killed writer left takes its last transaction back first; a writer that
// lives is left alone.
func TestOpenAfterKill(t *testing.T) {
	t.Parallel()
	part, journal := hotPart(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "a.mbtiles"+partSuffix)
	for name, b := range map[string][]byte{path: part, path + sqlite.JournalSuffix: journal} {
		if err := os.WriteFile(name, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	lock, err := sqlite.LockFile(path + sqlite.LockSuffix)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Settle(t.Context(), path); err != nil {
		t.Error(err)
	}
	if string(mustRead(t, path)) != string(part) {
		t.Error("the file of a writer that lives was changed")
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	a := openAt(t, path)
	mustVerify(t, a)
	if e := lookup(t, a, "32_16_BI12"); e.Detail != 0 {
		t.Error("the transaction that was cut short counts")
	}
	if diff := cmp.Diff([]string{"a.mbtiles.part"}, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// What is left of a .part that is no more is not taken for the next one's.
func TestRemainsOfOldPart(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	_, journal := hotPart(t)
	for _, extends := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "a.mbtiles")
		begin := map[string][]byte{path + partSuffix + sqlite.JournalSuffix: journal, path + partSuffix + sqlite.WALSuffix: journal, path + partSuffix + "-shm": journal}
		if extends {
			begin[path] = mustRead(t, build(t, map[string][]byte{"80_16_BI12": ddsFile(small, 5), "96_16_BI12": solidFile(small, 6), "96_32_BI12": ddsFile(small, 7)}).path)
		}
		for name, b := range begin {
			if err := os.WriteFile(name, b, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		w, err := Create(t.Context(), path, WriterOptions{Extend: extends})
		if err != nil {
			t.Fatal(err)
		}
		put(t, w, "64_16_BI12", ddsFile(small, 3))
		finish(t, w)
		a := openAt(t, path)
		mustVerify(t, a)
		if want := map[bool]int{false: 1, true: 4}[extends]; a.Len() != want {
			t.Errorf("extends %v: %d textures, want %d", extends, a.Len(), want)
		}
		if diff := cmp.Diff([]string{"a.mbtiles"}, files(t, filepath.Dir(path))); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	}
}

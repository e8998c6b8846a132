package sqlpages_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
)

// far is a file of which pages are fetched, until there is no line to it any more.
type far struct {
	*os.File
	there map[int64]bool // pages
	cut   bool
}

func (f *far) Want(ctx context.Context, spans []sqlpages.Span) error {
	for _, s := range spans {
		for at := s.Off / 4096; at*4096 < s.Off+s.Len; at++ {
			if !f.there[at] && (f.cut || sqlpages.OnlyAtHand(ctx)) {
				return sqlpages.ErrAway
			}
			f.there[at] = true
		}
	}
	return nil
}

// A row that was fetched without those beside it is there, though whoever waits would have them all
// fetched together.
func TestWantedRowIsAtHandAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	c, err := sqlite.Dial(path, sqlite.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	root := int64(0)
	// So long that little of a row is on its leaf, which eight of them have in common.
	for _, s := range []string{`PRAGMA page_size = 4096`, `CREATE TABLE rows (id INTEGER PRIMARY KEY, data BLOB)`,
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
			INSERT INTO rows SELECT i, randomblob(20900) FROM n`} {
		if err := c.Exec(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if root, err = c.Number(t.Context(), `SELECT rootpage FROM sqlite_master`); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	table := sqlpages.NewTable(file, root, 0)
	defer table.Close()
	f := &far{File: file, there: map[int64]bool{}}
	if err := table.Want(t.Context(), f, []int64{100}); err != nil {
		t.Fatal(err)
	}
	f.cut = true
	const within = 384 << 10 // more than a leaf and its rows
	if err := table.WantWithin(t.Context(), f, []int64{100}, within); err != nil {
		t.Errorf("a row that is there: %v", err)
	}
	if err := table.WantWithin(t.Context(), f, []int64{101}, within); err == nil {
		t.Error("no error for the row beside it")
	}
}

package mbtiles

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

func foreignSQLite(t testing.TB) []byte {
	return sqliteFile(t, `CREATE TABLE bookmarks (url)`, `INSERT INTO bookmarks VALUES ('x')`)
}

func plainMBTiles(t testing.TB) []byte {
	return sqliteFile(t, `PRAGMA application_id = 0x4D504258`, `CREATE TABLE metadata (name text, value text)`,
		`CREATE TABLE images (id, data)`, `CREATE VIEW tiles AS SELECT 0 zoom_level, 0 tile_column, 0 tile_row, data tile_data FROM images`)
}

func futureArchive(t testing.TB) []byte {
	return altered(t, sound(t), `PRAGMA user_version = 0x78656C03`, `DROP TABLE segments`)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds under the race detector: for the full suite")
	}
	good := sound(t)
	for _, tt := range []struct {
		name string
		file []byte
		want error
		says string
	}{
		{"empty", nil, ErrTruncated, "nothing of it is there"},
		{"zeros", make([]byte, 10000), ErrTruncated, "nothing of it is there"},
		{"a web page", []byte("<!DOCTYPE html><title>404</title>"), ErrNotArchive, "a web page: download the archive itself"},
		{"compressed", []byte("\x1f\x8b\x08\x00"), ErrNotArchive, "unpack it first"},
		{"text", []byte("hello"), ErrNotArchive, ""},
		{"noise", ddsFile(small, 1), ErrNotArchive, ""},
		{"magic only", []byte("SQLite format 3\x00"), ErrTruncated, "nothing of it is there"},
		{"other sqlite", foreignSQLite(t), ErrNotArchive, "another kind of SQLite"},
		{"plain mbtiles", plainMBTiles(t), ErrNotArchive, "plain MBTiles"},
		{"future", futureArchive(t), ErrVersion, "newer xelpack: archive format 3"},
		{"truncated", good[:30000], ErrCorrupt, "truncated: it has 30000 of"},
		{"truncated to a page", good[:sqlpages.PageSize], ErrCorrupt, "truncated"},
		{"header only", good[:100], ErrCorrupt, "truncated"},
		{"view for table", altered(t, good, `ALTER TABLE tiles RENAME TO t2`, `CREATE VIEW tiles AS SELECT * FROM t2`), ErrCorrupt, "view"},
		{"view for textures", altered(t, good, `DROP TABLE textures`, `CREATE VIEW textures AS SELECT 1`), ErrCorrupt, "view"},
		{"unneeded view", altered(t, good, `CREATE VIEW harmless AS SELECT 1`), ErrCorrupt, `view, "harmless"`},
		{"trigger", altered(t, good, `CREATE TRIGGER x AFTER INSERT ON metadata BEGIN DELETE FROM tiles; END`), ErrCorrupt, "trigger"},
		{"virtual table", altered(t, good, `DROP TABLE segments`, `CREATE VIRTUAL TABLE segments USING fts3(codec, data)`), ErrCorrupt, "segments"},
		{"table missing", altered(t, good, `DROP TABLE contents`), ErrCorrupt, `"contents" is missing`},
		{"other columns", altered(t, good, `ALTER TABLE textures ADD COLUMN x`), ErrCorrupt, "textures"},
		{"generated column", altered(t, good, `ALTER TABLE segments ADD COLUMN x AS (zeroblob(1000000000))`), ErrCorrupt, "segments"},
		{"no state", altered(t, good, `DELETE FROM metadata WHERE name = 'xelpack:state'`), ErrCorrupt, "state"},
		{"odd state", altered(t, good, `UPDATE metadata SET value = 'done' WHERE name = 'xelpack:state'`), ErrCorrupt, "state"},
		{"no version", altered(t, good, `DELETE FROM metadata WHERE name = 'xelpack:format_version'`), ErrCorrupt, "format_version"},
		{"other version", altered(t, good, `UPDATE metadata SET value = '3' WHERE name = 'xelpack:format_version'`), ErrCorrupt, "format_version"},
		{"blob for state", altered(t, good, `UPDATE metadata SET value = x'00' WHERE name = 'xelpack:state'`), ErrCorrupt, "column"},
		{"row outside the grid", altered(t, good, `UPDATE textures SET row = 65536 WHERE row = 32`), ErrCorrupt, "outside the grid"},
		{"row misaligned", altered(t, good, `UPDATE textures SET row = 33 WHERE row = 32`), ErrCorrupt, "multiples"},
		{"row negative", altered(t, good, `UPDATE textures SET row = -16 WHERE row = 32`), ErrCorrupt, "outside the grid"},
		{"row huge", altered(t, good, `UPDATE textures SET row = 9223372036854775807 WHERE row = 32`), ErrCorrupt, "outside the grid"},
		{"row text", altered(t, good, `UPDATE textures SET row = 'x' WHERE row = 32`), ErrCorrupt, "column"},
		{"row null", altered(t, good, `PRAGMA ignore_check_constraints = 1`, `UPDATE textures SET row = 1.5 WHERE row = 32`), ErrCorrupt, "column"},
		{"zl", altered(t, good, `UPDATE textures SET zl = 268 WHERE row = 32`), ErrCorrupt, "outside the grid"},
		{"maptype slash", altered(t, good, `UPDATE textures SET maptype = '../x' WHERE row = 32`), ErrCorrupt, "character"},
		{"maptype mask", altered(t, good, `UPDATE textures SET maptype = 'zl' WHERE row = 32`), ErrCorrupt, "mask"},
		{"maptype blob", altered(t, good, `UPDATE textures SET maptype = x'4249' WHERE row = 32`), ErrCorrupt, "column"},
		{"detail", altered(t, good, `UPDATE textures SET detail = 5 WHERE row = 32`), ErrCorrupt, "detail"},
		{"content missing", altered(t, good, `UPDATE textures SET content_id = 99 WHERE row = 32`), ErrCorrupt, "content 99 is missing"},
		{"content negative", altered(t, good, `UPDATE textures SET content_id = -1 WHERE row = 32`), ErrCorrupt, "content -1"},
		{"format", altered(t, good, `UPDATE contents SET format = 257`), ErrCorrupt, "format"},
		{"side", altered(t, good, `UPDATE contents SET side = 8192`), ErrCorrupt, "side"},
		{"side huge", altered(t, good, `UPDATE contents SET side = 1 << 62`), ErrCorrupt, "side"},
		{"side negative", altered(t, good, `UPDATE contents SET side = -256`), ErrCorrupt, "side"},
		{"levels", altered(t, good, `UPDATE contents SET levels = 8`), ErrCorrupt, "levels"},
		{"bytes", altered(t, good, `UPDATE contents SET bytes = 1 << 40`), ErrCorrupt, "bytes"},
		{"bytes null", altered(t, good, `UPDATE contents SET bytes = 'many'`), ErrCorrupt, "column"},
		{"view said to be a table", hidden(t, good, `CREATE VIEW x AS SELECT 1`), ErrCorrupt, ""},
		{"trigger said to be a table", hidden(t, good, `CREATE TRIGGER x AFTER INSERT ON metadata BEGIN DELETE FROM tiles; END`), ErrCorrupt, ""},
		{"virtual table", hidden(t, good, `CREATE VIRTUAL TABLE x USING fts3(y)`), ErrCorrupt, ""},
		{"second table of a name", hidden(t, good, `CREATE TABLE textures (x)`), ErrCorrupt, ""},
		{"second table but for its case", hidden(t, good, `CREATE TABLE TEXTURES (x)`), ErrCorrupt, ""},
		{"index on ours", altered(t, good, `CREATE INDEX x ON textures (zl, row, col, maptype)`), ErrCorrupt, `index "x" on table "textures"`},
		{"index by an expression", altered(t, good, `CREATE INDEX x ON tiles (abs(zoom_level))`), ErrCorrupt, `index "x" on table "tiles"`},
		{"without rowid", remade(t, good, "segments", " WITHOUT ROWID"), ErrCorrupt, "segments"},
		{"strict", remade(t, good, "contents", " STRICT"), ErrCorrupt, "contents"},
		{"textures are metadata", altered(t, good, swapRoot("textures", "metadata")...), ErrCorrupt, ""},
		{"contents without rowid", altered(t, good, swapRoot("contents", "metadata")...), ErrCorrupt, ""},
		{"schema goes round", overwritten(good, 100, "\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"), ErrCorrupt, "in circles"},
		{"page size 0", overwritten(good, 16, "\x00\x00"), ErrCorrupt, "page"},
		{"page size 64", overwritten(good, 16, "\x00\x40"), ErrCorrupt, "page"},
		{"page size no power of two", overwritten(good, 16, "\x20\x01"), ErrCorrupt, "page"},
		{"schema of thousands", altered(t, good, thousands("CREATE TABLE t%d (a /* "+strings.Repeat("x", 200)+" */)", 5000)...), ErrCorrupt, "too long"},
		{"schema of one endless statement", altered(t, good, "CREATE TABLE x (a DEFAULT '"+strings.Repeat("x", sqlpages.MaxSchema)+"')"), ErrCorrupt, "too long"},
		{"garbage in page 2", corrupted(good, sqlpages.PageSize, sqlpages.PageSize), ErrCorrupt, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.file)
			a, err := Open(t.Context(), path)
			if err == nil {
				a.Close()
			}
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %v that says %q and names the file", err, tt.want, tt.says)
			}
			after, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(after, tt.file) {
				t.Errorf("the file changed: %v", err)
			}
			if diff := cmp.Diff([]string{"a.mbtiles"}, files(t, filepath.Dir(path))); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			// What looks at the remains of a file that was cut short is as careful.
			if len(tt.file) < 100 || strings.HasPrefix(tt.says, "truncated: it") {
				return
			}
			pages := binary.BigEndian.Uint32(tt.file[28:])
			cut := write(t, overwritten(tt.file, 28, string(binary.BigEndian.AppendUint32(nil, pages+1))))
			if r, err := VerifyFile(t.Context(), cut, VerifyOptions{}); err == nil && !r.Unreadable {
				t.Errorf("cut short, it was opened: %+v", r)
			}
		})
	}
}

// hidden is an archive with one more object, which its schema says is a harmless table.
func hidden(t testing.TB, archive []byte, sql string) []byte {
	t.Helper()
	// The last statement fails where SQLite itself will not read what it has just written.
	return altered(t, archive, `PRAGMA writable_schema = ON`,
		`INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ('table', 'harmless', 'harmless', 0, '`+strings.ReplaceAll(sql, "'", "''")+`')`)
}

// remade is an archive one table of which is made with a further word.
func remade(t testing.TB, archive []byte, table, suffix string) []byte {
	t.Helper()
	for _, s := range tables.Schema {
		if s.Name == table {
			sql := s.SQL + suffix
			return altered(t, archive, `ALTER TABLE `+table+` RENAME TO old`, sql, `INSERT INTO `+table+` SELECT * FROM old`, `DROP TABLE old`)
		}
	}
	t.Fatalf("no table %s", table)
	return nil
}

// swapRoot has one table read the pages of another.
func swapRoot(table, other string) []string {
	return []string{`PRAGMA writable_schema = ON`,
		`UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = '` + other + `') WHERE name = '` + table + `'`}
}

func thousands(format string, n int) []string {
	statements := []string{"BEGIN"}
	for i := range n {
		statements = append(statements, fmt.Sprintf(format, i))
	}
	return append(statements, "COMMIT")
}

func TestOpenNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Open(t.Context(), filepath.Join(dir, "none.mbtiles")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := Open(t.Context(), dir); !errors.Is(err, ErrNotArchive) {
		t.Errorf("a folder: %v", err)
	}
}

// What stands beside a finished archive might change what it says, or what SQLite does: it is
// refused, unless there is nothing in it.
func TestOpenBeside(t *testing.T) {
	t.Parallel()
	good := sound(t)
	for _, suffix := range []string{sqlite.WALSuffix, sqlite.JournalSuffix} {
		t.Run(suffix, func(t *testing.T) {
			path := write(t, good)
			for _, beside := range []string{"", "x", strings.Repeat("\x37\x7f\x06\x82", 10000)} {
				if err := os.WriteFile(path+suffix, []byte(beside), 0o666); err != nil {
					t.Fatal(err)
				}
				a, err := Open(t.Context(), path)
				if err == nil {
					a.Close()
				}
				if beside == "" && err != nil {
					t.Errorf("nothing in it, yet: %v", err)
				}
				if beside != "" && (!errors.Is(err, ErrUnsettled) || !strings.Contains(err.Error(), filepath.Base(path)+suffix)) {
					t.Errorf("got %v, want %v and the file's name", err, ErrUnsettled)
				}
				if after := mustRead(t, path+suffix); string(after) != beside {
					t.Error("what stands beside it has changed")
				}
				if diff := cmp.Diff([]string{"a.mbtiles", "a.mbtiles" + suffix}, files(t, filepath.Dir(path))); diff != "" {
					t.Errorf("files (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// What a program that is still running writes is not passed over.
func TestOpenWhileChanged(t *testing.T) {
	t.Parallel()
	path := write(t, sound(t))
	c, err := sqlite.Dial(path, sqlite.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{`PRAGMA journal_mode = WAL`, `INSERT INTO metadata VALUES ('description', 'in the wal')`} {
		if err := c.Exec(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(t.Context(), path); !errors.Is(err, ErrUnsettled) {
		t.Errorf("got %v, want %v", err, ErrUnsettled)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	mustVerify(t, openAt(t, path))
}

// A table that is none of ours, such as ANALYZE leaves, does not matter.
func TestOpenIgnoresOtherTables(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	mustVerify(t, openAt(t, write(t, altered(t, sound(t), `ANALYZE`, `CREATE TABLE notes (text)`, `CREATE INDEX n ON notes (text)`))))
}

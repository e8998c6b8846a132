package mbtiles

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// sqliteFile makes an SQLite file by statements.
func sqliteFile(t testing.TB, statements ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x")
	c, err := sqlite.Dial(path, sqlite.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if err := c.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func foreignSQLite(t testing.TB) []byte {
	return sqliteFile(t, `CREATE TABLE bookmarks (url)`, `INSERT INTO bookmarks VALUES ('x')`)
}

func plainMBTiles(t testing.TB) []byte {
	return sqliteFile(t, `PRAGMA application_id = 0x4D504258`, `CREATE TABLE metadata (name text, value text)`,
		`CREATE TABLE images (id, data)`, `CREATE VIEW tiles AS SELECT 0 zoom_level, 0 tile_column, 0 tile_row, data tile_data FROM images`)
}

// sound is a small finished archive.
func sound(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	put(t, w, "32_16_BI12", ddsFile(small, 1))
	put(t, w, "48_16_BI12", solidFile(small, 0x1234))
	finish(t, w)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// altered is an archive after some statements.
func altered(t testing.TB, archive []byte, statements ...string) []byte {
	t.Helper()
	path := write(t, archive)
	c, err := sqlite.Dial(path, sqlite.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if err := c.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func futureArchive(t testing.TB) []byte {
	return altered(t, sound(t), `PRAGMA user_version = 0x78656C02`, `DROP TABLE segments`)
}

// write puts b where Open will look for it.
func write(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
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
		{"empty", nil, ErrTruncated, "nothing in it"},
		{"zeros", make([]byte, 10000), ErrTruncated, "nothing in it"},
		{"text", []byte("hello"), ErrNotArchive, ""},
		{"noise", ddsFile(small, 1), ErrNotArchive, ""},
		{"magic only", []byte("SQLite format 3\x00"), ErrNotArchive, ""},
		{"other sqlite", foreignSQLite(t), ErrNotArchive, "some other kind"},
		{"plain mbtiles", plainMBTiles(t), ErrNotArchive, "plain MBTiles"},
		{"future", futureArchive(t), ErrVersion, "newer xelpack: archive format 2"},
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
		{"other version", altered(t, good, `UPDATE metadata SET value = '2' WHERE name = 'xelpack:format_version'`), ErrCorrupt, "format_version"},
		{"blob for state", altered(t, good, `UPDATE metadata SET value = x'00' WHERE name = 'xelpack:state'`), ErrCorrupt, "column"},
		{"row outside the grid", altered(t, good, `UPDATE textures SET row = 65536 WHERE row = 32`), ErrCorrupt, "outside the grid"},
		{"row misaligned", altered(t, good, `UPDATE textures SET row = 33 WHERE row = 32`), ErrCorrupt, "multiples"},
		{"row negative", altered(t, good, `UPDATE textures SET row = -16 WHERE row = 32`), ErrCorrupt, "outside the grid"},
		{"row huge", altered(t, good, `UPDATE textures SET row = 9223372036854775807 WHERE row = 32`), ErrCorrupt, "outside the grid"},
		{"row text", altered(t, good, `UPDATE textures SET row = 'x' WHERE row = 32`), ErrCorrupt, "column"},
		{"row null", altered(t, good, `PRAGMA ignore_check_constraints = 1`, `UPDATE textures SET row = 1.5 WHERE row = 32`), ErrCorrupt, "column"},
		{"zl", altered(t, good, `UPDATE textures SET zl = 268 WHERE row = 32`), ErrCorrupt, "outside the grid"},
		{"maptype slash", altered(t, good, `UPDATE textures SET maptype = '../x' WHERE row = 32`), ErrCorrupt, "file name"},
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

// overwritten is an archive with some bytes replaced.
func overwritten(archive []byte, off int, patch string) []byte {
	b := slices.Clone(archive)
	copy(b[off:], patch)
	return b
}

// corrupted is an archive with n bytes from off on overwritten.
func corrupted(archive []byte, off, n int) []byte {
	b := slices.Clone(archive)
	for i := range n {
		b[off+i] ^= 0xa5
	}
	return b
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
	mustVerify(t, openAt(t, write(t, altered(t, sound(t), `ANALYZE`, `CREATE TABLE notes (text)`, `CREATE INDEX n ON notes (text)`))))
}

// Names are data: whatever stands in them, nothing of it is run.
func TestNamesAreData(t *testing.T) {
	t.Parallel()
	for what, statement := range map[string]string{
		"maptype":  `UPDATE textures SET maptype = 'x'');DROP**TABLE(tiles);--' WHERE row = 32`,
		"provider": `UPDATE textures SET provider = 'x'');DROP TABLE tiles;--'`,
		"metadata": `INSERT INTO metadata VALUES ('x''); DROP TABLE tiles; --', 'y''); DROP TABLE tiles; --')`,
		"table":    `CREATE TABLE "x""); DROP TABLE tiles; --" (a)`,
	} {
		t.Run(what, func(t *testing.T) {
			file := altered(t, sound(t), statement)
			path := write(t, file)
			a := openAt(t, path)
			for e := range a.All() {
				if _, err := a.Record(t.Context(), e); err != nil {
					t.Error(err)
				}
				if _, ok := a.Lookup(e.Texture.Key()); !ok {
					t.Errorf("%s is not found", e.Texture)
				}
			}
			if _, err := a.Info(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := a.Verify(t.Context(), VerifyOptions{}); err != nil {
				t.Error(err)
			}
			if !bytes.Equal(mustRead(t, path), file) {
				t.Error("the file changed")
			}
		})
	}
}

// Tables that share their pages read as damage, not as each other's rows.
func TestSharedPages(t *testing.T) {
	t.Parallel()
	for _, other := range []string{"tiles", "contents", "metadata", "textures"} {
		t.Run(other, func(t *testing.T) {
			a, err := Open(t.Context(), write(t, altered(t, sound(t), swapRoot("segments", other)...)))
			if errors.Is(err, ErrCorrupt) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			for e := range a.All() {
				if err := a.WriteTo(t.Context(), e, io.Discard); !errors.Is(err, ErrCorrupt) {
					t.Errorf("%s: got %v, want %v", e.Texture, err, ErrCorrupt)
				}
			}
			if r, err := a.Verify(t.Context(), VerifyOptions{}); err != nil || r.OK {
				t.Errorf("verified: %v, %v", r.OK, err)
			}
		})
	}
}

// A few bytes of preview may say that they are billions of pixels.
func TestPictureOfAStranger(t *testing.T) {
	t.Parallel()
	a := openAt(t, write(t, altered(t, sound(t),
		`UPDATE tiles SET tile_data = x'ffd8ffc0000b08ffffffff01011100ffda0008010100003f0000' WHERE zoom_level = 0`,
		`UPDATE tiles SET tile_data = x'00' WHERE zoom_level = 1`)))
	for z, says := range []string{"65535×65535 px, want 256×256", "no JPEG"} {
		img, err := a.Picture(t.Context(), tiles.ZL(z), 0, 0)
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), says) || img != nil {
			t.Errorf("zoom %d: %v, want %v that says %q", z, err, ErrCorrupt, says)
		}
	}
	if img, err := a.Picture(t.Context(), 8, 1, 2); err != nil || img.Bounds().Dx() != preview.Side {
		t.Errorf("an intact one: %v", err)
	}
}

// A journal that a stranger sends with a .part may name any file, which SQLite would delete.
func TestForeignJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	victim, part := filepath.Join(dir, "victim"), filepath.Join(dir, "a.mbtiles.part")
	journal := superJournal(victim)
	for name, b := range map[string][]byte{victim: []byte("precious"), part: altered(t, sound(t), `UPDATE metadata SET value = 'building' WHERE name = 'xelpack:state'`), part + sqlite.JournalSuffix: journal} {
		if err := os.WriteFile(name, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(t.Context(), part); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "a.mbtiles.part-journal") {
		t.Errorf("Open: %v", err)
	}
	if _, err := Create(t.Context(), strings.TrimSuffix(part, partSuffix), WriterOptions{}); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "a.mbtiles.part-journal") {
		t.Errorf("Create: %v", err)
	}
	if string(mustRead(t, victim)) != "precious" {
		t.Error("the victim changed")
	}
	if diff := cmp.Diff([]string{"a.mbtiles.part", "a.mbtiles.part-journal", "victim"}, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// superJournal is a rollback journal of no pages that names a further file.
func superJournal(victim string) []byte {
	b := make([]byte, 512)
	copy(b, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")
	binary.BigEndian.PutUint32(b[16:], 1) // pages before
	binary.BigEndian.PutUint32(b[20:], 512)
	binary.BigEndian.PutUint32(b[24:], sqlpages.PageSize)
	sum := uint32(0)
	for _, c := range []byte(victim) {
		sum += uint32(c)
	}
	b = binary.BigEndian.AppendUint32(b, 0)
	b = append(b, victim...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(victim)))
	b = binary.BigEndian.AppendUint32(b, sum)
	return append(b, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"...)
}

// What Open cannot see, since it looks at no segment, reading refuses: in bounded memory, saying
// which texture and which segment.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	good := sound(t)
	bomb := func(size int) string {
		return fmt.Sprintf("x'%x'", zstdFrame(t, size))
	}
	for _, tt := range []struct {
		name string
		sql  string
		says string
	}{
		{"row missing", `DELETE FROM segments WHERE id = 256`, "missing"},
		{"too short", `UPDATE segments SET codec = 0, data = x'00' WHERE id = 256`, "1 bytes, want 43704"},
		{"too long", `UPDATE segments SET codec = 0, data = zeroblob(43705) WHERE id = 256`, "43705 bytes, want 43704"},
		{"empty", `UPDATE segments SET data = x'' WHERE id = 256`, "want 43704"},
		{"not zstd", `UPDATE segments SET codec = 1, data = x'0011223344' WHERE id = 256`, "zstd"},
		{"bomb", `UPDATE segments SET codec = 1, data = ` + bomb(100<<20) + ` WHERE id = 256`, "zstd"},
		{"a byte more", `UPDATE segments SET codec = 1, data = ` + bomb(43705) + ` WHERE id = 256`, "zstd"},
		{"a byte less", `UPDATE segments SET codec = 1, data = ` + bomb(43703) + ` WHERE id = 256`, "43703 bytes, want 43704"},
		{"codec unknown", `UPDATE segments SET codec = 4 WHERE id = 256`, "codec 4"},
		{"codec text", `UPDATE segments SET codec = 'x' WHERE id = 256`, "column"},
		{"data text", `UPDATE segments SET data = 'x' WHERE id = 256`, "column"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := openAt(t, write(t, altered(t, good, tt.sql)))
			var e Entry
			for e = range a.All() {
				if e.content == 1 {
					break
				}
			}
			for _, n := range []int{10, 43704} {
				_, err := a.ReadAt(t.Context(), e, make([]byte, n), 128)
				for _, says := range []string{tt.says, a.path, e.Texture.Name(), "segment 256"} {
					if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), says) && !strings.Contains(says, "segment") {
						t.Errorf("%d bytes: %v, want %v that says %q", n, err, ErrCorrupt, says)
					}
				}
			}
		})
	}
}

// FuzzOpen damages a sound archive, opens it and uses all of it. Errors are fine; panics, changes
// to the file and false verdicts are not.
func FuzzOpen(f *testing.F) {
	good := sound(f)
	f.Add(uint32(0), []byte{0})
	f.Add(uint32(18), []byte{2, 2})
	f.Add(uint32(sqlpages.PageSize), []byte{5, 0, 0})
	f.Add(uint32(3*sqlpages.PageSize+100), []byte("\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, off uint32, patch []byte) {
		b := slices.Clone(good)
		at := int(off) % len(b)
		changed := !bytes.Equal(b[at:][:min(len(patch), len(b)-at)], patch[:min(len(patch), len(b)-at)])
		copy(b[at:], patch)
		path := write(t, b)
		ctx, cancel := context.WithTimeout(t.Context(), patience.For(t))
		defer cancel()
		a, err := Open(ctx, path)
		if err == nil {
			defer a.Close()
			if _, err := a.Info(ctx); err != nil && ctx.Err() != nil {
				t.Errorf("info takes for ever: %v", err)
			}
			for e := range a.All() {
				if err := a.WriteTo(ctx, e, io.Discard); err != nil && !errors.Is(err, ErrCorrupt) {
					t.Errorf("read: %v", err)
				}
			}
			r, err := a.Verify(ctx, VerifyOptions{Workers: 1})
			if err != nil {
				t.Errorf("verify: %v", err)
			}
			if !changed && !r.OK {
				t.Errorf("nothing changed, yet: %v", r.Problems)
			}
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, b) {
			t.Errorf("the file changed: %v", err)
		}
	})
}

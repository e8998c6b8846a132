package mbtiles

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/blocks"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// rowsOf lists the segments as SQLite reads them.
func rowsOf(t testing.TB, a *Archive) map[int64]segment.Stored {
	t.Helper()
	rows := make(map[int64]segment.Stored)
	err := a.reader.Conns.Do(t.Context(), func(c *sqlite.Conn) error {
		return c.Query(t.Context(), `SELECT id, codec, data FROM segments`, func(r *sqlite.Row) error {
			rows[r.Int(0)] = segment.Stored{Codec: r.Int(1), Data: r.Blob(2)}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// pieceOf returns the segment of that id.
func pieceOf(t testing.TB, a *Archive, id int64) segment.Piece {
	t.Helper()
	for _, row := range a.index.rows {
		if row.content == id>>8 {
			return segment.CutOf(a.index.entryOf(row).Layout).Piece(row.content, int(id&0xff))
		}
	}
	t.Fatalf("segment %d has no texture", id)
	return segment.Piece{}
}

// loadPiece reads a segment as contents.Reader does, but never by SQLite.
func loadPiece(direct *sqlpages.Table, p segment.Piece, buf []byte, d *segment.Decoder) bool {
	return direct.Load(p.ID, buf, func(codec int64, data []byte) error {
		return d.Decode(segment.Stored{Codec: codec, Data: data}, p.Shape, buf)
	})
}

// checkPages compares every segment with what SQLite makes of it, and returns how many could be
// read.
func checkPages(t testing.TB, a *Archive) (read int) {
	t.Helper()
	rows := rowsOf(t, a)
	for id, row := range rows {
		p := pieceOf(t, a, id)
		want := make([]byte, p.Length)
		err := a.reader.Decoder.Decode(row, p.Shape, want)
		if err != nil {
			t.Fatal(err)
		}
		got := bytes.Repeat([]byte{0xaa}, p.Length)
		if !loadPiece(a.reader.Pages, p, got, a.reader.Decoder) {
			continue
		}
		read++
		if !bytes.Equal(got, want) {
			t.Errorf("segment %d differs", id)
		}
		if loadPiece(a.reader.Pages, p, make([]byte, p.Length+1), a.reader.Decoder) || loadPiece(a.reader.Pages, p, make([]byte, p.Length-1), a.reader.Decoder) {
			t.Errorf("segment %d passes for another length", id)
		}
	}
	for _, id := range []int64{0, -1, 1 << 62, 255, 257 << 8, 1<<8 | 200} {
		p := segment.CutOf(small).Piece(0, 0)
		p.ID = id
		if _, ok := rows[id]; !ok && loadPiece(a.reader.Pages, p, make([]byte, p.Length), a.reader.Decoder) {
			t.Errorf("segment %d is not there, yet was read", id)
		}
	}
	return read
}

// mixture is textures of all kinds, of which some rows fit on a page and some do not.
func mixture() map[string][]byte {
	files := make(map[string][]byte)
	for i := range 40 {
		files[fmt.Sprintf("%d_16_BI12", 16*i)] = solidFile(small, uint16(i))
	}
	for i := range 6 {
		files[fmt.Sprintf("%d_32_BI12", 16*i)] = ddsFile(small, uint64(i))
	}
	files["16_48_BI12"] = halfNoise(dds.Layout{Format: dds.BC1, Side: 1024})
	files["32_48_BI12"] = halfNoise(dds.Layout{Format: dds.BC3, Side: 1024})
	return files
}

// Every segment is read as SQLite reads it, whatever the size of a page.
func TestPages(t *testing.T) {
	t.Parallel()
	a := build(t, mixture())
	original, err := os.ReadFile(a.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{512, 4096, 8192, 65536} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			if testing.Short() && size != 4096 {
				t.Skip("one page size finds the races of all: for the full suite")
			}
			a := openAt(t, write(t, altered(t, original, fmt.Sprintf("PRAGMA page_size = %d", size), `VACUUM`)))
			if a.reader.Pages == nil {
				t.Fatal("read by SQLite")
			}
			if got := sqlNumber(t, a.path, `PRAGMA page_size`); got != int64(size) {
				t.Fatalf("pages of %d bytes", got)
			}
			if rows := len(rowsOf(t, a)); checkPages(t, a) != rows {
				t.Errorf("not all of %d segments could be read", rows)
			}
			mustVerify(t, a)
		})
	}
}

// A finished archive is read without SQLite.
func TestReadsDirectly(t *testing.T) {
	t.Parallel()
	for _, l := range []dds.Layout{{Format: dds.BC1, Side: 2048}, {Format: dds.BC3, Side: 1024}, small} {
		file := halfNoise(l)
		a := build(t, map[string][]byte{"16_16_BI12": file})
		if err := a.reader.Conns.Close(); err != nil {
			t.Fatal(err)
		}
		checkRead(t, a, lookup(t, a, "16_16_BI12"), file, 0, len(file))
		checkRead(t, a, lookup(t, a, "16_16_BI12"), file, 1000, 2000)
	}
}

// Rows that lie scattered over pages of removed ones are read too, but for some at the very end of
// the file.
func TestPagesScattered(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds under the race detector: for the full suite")
	}
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	for round := range 3 { // each makes room among the last one's pages
		for i := range 30 {
			side := []int{256, 512, 1024}[(i+round)%3]
			put(t, w, fmt.Sprintf("%d_16_BI12", 16*i), ddsFile(dds.Layout{Format: dds.BC1, Side: side}, uint64(100*round+i)))
			if err := w.flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	finish(t, w)
	a := openAt(t, path)
	if rows, read := len(rowsOf(t, a)), checkPages(t, a); read < rows*9/10 {
		t.Errorf("only %d of %d segments could be read", read, rows)
	}
	mustVerify(t, a)
}

// A new archive under the same name does not get mixed with the one that is open.
func TestReplacedWhileOpen(t *testing.T) {
	t.Parallel()
	old, file := "32_16_BI12", halfNoise(dds.Layout{Format: dds.BC1, Side: 1024})
	a := build(t, map[string][]byte{old: file, "48_16_BI12": ddsFile(small, 5)})
	w := extend(t, a.path)
	put(t, w, old, ddsFile(small, 9))
	finish(t, w)
	var got bytes.Buffer
	if err := a.WriteTo(t.Context(), lookup(t, a, old), &got); err != nil || !bytes.Equal(got.Bytes(), file) {
		t.Errorf("%v, equal %v", err, bytes.Equal(got.Bytes(), file))
	}
	mustVerify(t, a)
	if e := lookup(t, openAt(t, a.path), old); e.Layout != small {
		t.Errorf("opened anew, the texture is %v", e.Layout)
	}
}

// memory is a file in memory.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// FuzzPages damages the pages of an archive. Nothing may panic or run for ever.
func FuzzPages(f *testing.F) {
	a := build(f, map[string][]byte{"16_16_BI12": halfNoise(dds.Layout{Format: dds.BC1, Side: 1024}), "32_16_BI12": solidFile(small, 1)})
	small := altered(f, mustRead(f, a.path), `PRAGMA page_size = 512`, `VACUUM`)
	rows := rowsOf(f, a)
	root := sqlNumber(f, a.path, `SELECT rootpage FROM sqlite_schema WHERE name = 'segments'`)
	smallRoot := sqlNumber(f, write(f, small), `SELECT rootpage FROM sqlite_schema WHERE name = 'segments'`)
	d, err := segment.NewDecoder()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(false, uint32(root-1)*sqlpages.PageSize, []byte{5})
	f.Add(true, uint32(smallRoot-1)*512, []byte{13, 0, 0, 255})
	f.Add(true, uint32(smallRoot)*512+3, []byte{255, 255})
	f.Add(false, uint32(16), []byte{2, 0})
	original := mustRead(f, a.path)
	f.Fuzz(func(t *testing.T, tiny bool, off uint32, patch []byte) {
		b, r := bytes.Clone(original), root
		if tiny {
			b, r = bytes.Clone(small), smallRoot
		}
		copy(b[int(off)%len(b):], patch)
		p := sqlpages.NewTable(memory{bytes.NewReader(b)}, r, blocks.Slack)
		if p == nil {
			return
		}
		for id := range rows {
			for _, side := range []int{256, 512, 1024} { // the last segment of one, and the first of the other
				piece := segment.CutOf(dds.Layout{Format: dds.BC1, Side: side}).Piece(0, 0)
				piece.ID = id
				loadPiece(p, piece, make([]byte, piece.Length), d)
			}
		}
	})
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

package mbtiles

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/blocks"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// tinyPages is an archive of pages of 512 bytes, so that the b-tree of its segments is deep and all
// of its overflow chains are long.
func tinyPages(t testing.TB) []byte {
	t.Helper()
	files := map[string][]byte{"16_16_BI12": halfNoise(dds.Layout{Format: dds.BC1, Side: 1024})}
	for i := range 90 {
		file := solidFile(small, uint16(i))
		copy(file[20000:20800], ddsFile(small, uint64(i))[1000:]) // does not compress
		files[fmt.Sprintf("%d_32_BI12", 16*i)] = file
	}
	return altered(t, mustRead(t, build(t, files).path), `PRAGMA page_size = 512`, `VACUUM`)
}

// segmentsOf lists the segments of an intact archive, with their lengths, and one that is not
// there.
func segmentsOf(t testing.TB, file []byte) map[int64]segment.Piece {
	t.Helper()
	a := openAt(t, write(t, file))
	segments := map[int64]segment.Piece{segment.ID(5000, 0): segment.CutOf(small).Piece(5000, 0)}
	for id := range rowsOf(t, a) {
		segments[id] = pieceOf(t, a, id)
	}
	return segments
}

// compareReads reads all these segments directly and by SQLite. What the direct reader makes of a
// damaged file may only differ from what SQLite makes of it where SQLite finds that the file is
// damaged, too. It must come to an end in any case.
func compareReads(t testing.TB, what string, file []byte, segments map[int64]segment.Piece) (direct int) {
	t.Helper()
	path := write(t, file)
	c, err := sqlite.Dial(path, sqlite.Immutable)
	if err != nil {
		return 0 // SQLite does not even open it, and so the direct reader is never asked
	}
	defer c.Close()
	root, err := c.Number(t.Context(), `SELECT rootpage FROM sqlite_schema WHERE name = 'segments'`)
	if err != nil {
		return 0
	}
	p := sqlpages.NewTable(memory{bytes.NewReader(file)}, root, blocks.Slack)
	if p == nil {
		return 0
	}
	z, err := segment.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	for id, piece := range segments {
		got, want := make([]byte, piece.Length), make([]byte, piece.Length)
		if !loadPiece(p, piece, got, z) {
			continue
		}
		direct++
		err := c.Query(t.Context(), `SELECT codec, data FROM segments WHERE id = ?`, func(r *sqlite.Row) error {
			return z.Decode(segment.Stored{Codec: r.Int(0), Data: r.Blob(1)}, piece.Shape, want)
		}, id)
		if (err != nil || !bytes.Equal(got, want)) && soundBySQLite(t, c) {
			t.Errorf("%s: segment %d: read directly, yet by SQLite %v, equal %v", what, id, err, bytes.Equal(got, want))
		}
	}
	return direct
}

// soundBySQLite reports whether SQLite finds nothing wrong with the table of segments.
func soundBySQLite(t testing.TB, c *sqlite.Conn) bool {
	t.Helper()
	found, err := sqlite.Walk(t.Context(), c, sqlite.WholeFile)
	return err == nil && len(found) == 0
}

// btree finds the pages of the segments: leaves, interior ones, and the first overflow page of
// every row.
func btree(t testing.TB, file []byte, root uint32) (interior, leaves, overflow []uint32) {
	t.Helper()
	const page = 512
	at := func(number uint32) []byte { return file[(number-1)*page:][:page] }
	var walk func(number uint32)
	walk = func(number uint32) {
		b := at(number)
		cells := int(binary.BigEndian.Uint16(b[3:]))
		if b[0] == 5 {
			interior = append(interior, number)
			for i := range cells {
				walk(binary.BigEndian.Uint32(b[binary.BigEndian.Uint16(b[12+2*i:]):]))
			}
			walk(binary.BigEndian.Uint32(b[8:]))
			return
		}
		leaves = append(leaves, number)
		for i := range cells {
			cell := b[binary.BigEndian.Uint16(b[8+2*i:]):]
			payload, n := sqlpages.Varint(cell)
			_, m := sqlpages.Varint(cell[n:])
			if local := (page-12)*32/255 - 23 + (int(payload)-((page-12)*32/255-23))%(page-4); payload > page-35 && local <= page-35 {
				overflow = append(overflow, binary.BigEndian.Uint32(cell[n+m+local:]))
			}
		}
	}
	walk(root)
	return interior, leaves, overflow
}

// Every pointer of the b-tree is bent: to nothing, to itself, to the root, to pages of another kind
// and beyond the end; counts, types and lengths as well.
func TestPagesBent(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("some 250 damaged files: for the full suite")
	}
	file := tinyPages(t)
	root := uint32(sqlNumber(t, write(t, file), `SELECT rootpage FROM sqlite_schema WHERE name = 'segments'`))
	interior, leaves, overflow := btree(t, file, root)
	if len(interior) < 2 || len(leaves) < 8 || len(overflow) < 8 {
		t.Fatalf("the b-tree is too simple: %d interior pages, %d leaves, %d overflow chains", len(interior), len(leaves), len(overflow))
	}
	segments := segmentsOf(t, file)
	if direct := compareReads(t, "intact", file, segments); direct != len(segments)-1 {
		t.Fatalf("%d of %d segments are read directly", direct, len(segments)-1)
	}
	pages := uint32(len(file) / 512)
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(list []uint32, n int) []uint32 {
		list = slices.Clone(list)
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return list[:min(n, len(list))]
	}
	bent := 0
	bend := func(what string, off int, with ...byte) {
		compareReads(t, fmt.Sprintf("%s at %d, page %d", what, off, off/512+1), overwritten(file, off, string(with)), segments)
		bent++
	}
	targets := func(self uint32) []uint32 {
		return []uint32{0, 1, self, root, interior[len(interior)-1], leaves[0], overflow[0], pages, pages + 1, 1<<32 - 1}
	}
	u32 := func(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }
	for _, number := range pick(interior, 4) {
		off := int(number-1) * 512
		first := off + int(binary.BigEndian.Uint16(file[off+12:]))
		for _, to := range targets(number) {
			bend("right child", off+8, u32(to)...)
			bend("child", first, u32(to)...)
		}
		for _, kind := range []byte{0, 2, 10, 13, 255} {
			bend("type", off, kind)
		}
	}
	for _, number := range pick(leaves, 4) {
		off := int(number-1) * 512
		first := off + int(binary.BigEndian.Uint16(file[off+8:]))
		for _, kind := range []byte{0, 2, 5, 10, 255} {
			bend("type", off, kind)
		}
		for _, cells := range []uint16{0, 1, 200, 255, 1<<16 - 1} {
			bend("cells", off+3, byte(cells>>8), byte(cells))
		}
		for _, to := range []uint16{0, 4, 8, 500, 511, 512, 1<<16 - 1} {
			bend("cell", off+8, byte(to>>8), byte(to))
		}
		bend("payload", first, 0)
		bend("payload", first, 0x7f)
		bend("payload", first, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
		for shift := range 8 {
			bend("row", first+shift, file[first+shift]^0x81)
		}
	}
	for _, number := range pick(overflow, 4) {
		for _, to := range targets(number) {
			bend("overflow", int(number-1)*512, u32(to)...)
		}
	}
	t.Logf("%d files", bent)
}

// FuzzPagesAsSQLite damages an archive in three places and compares what is read directly with what
// SQLite reads.
func FuzzPagesAsSQLite(f *testing.F) {
	if testing.Short() {
		f.Skip("one goroutine: for the full suite")
	}
	tiny := tinyPages(f)
	whole := mustRead(f, build(f, map[string][]byte{"16_16_BI12": halfNoise(dds.Layout{Format: dds.BC1, Side: 1024}), "32_16_BI12": solidFile(small, 1)}).path)
	root := uint32(sqlNumber(f, write(f, tiny), `SELECT rootpage FROM sqlite_schema WHERE name = 'segments'`))
	tinySegments, wholeSegments := segmentsOf(f, tiny), segmentsOf(f, whole)
	f.Add(true, (root-1)*512, []byte{5}, uint32(0), []byte{}, uint32(0), []byte{})
	f.Add(true, (root-1)*512+8, []byte{0, 0, 0, byte(root)}, (root-1)*512+3, []byte{0, 0}, uint32(0), []byte{})
	f.Add(false, uint32(3*sqlpages.PageSize), []byte{13, 0, 0, 0, 9}, uint32(16), []byte{0x20, 0}, uint32(20), []byte{8})
	f.Fuzz(func(t *testing.T, small bool, at1 uint32, patch1 []byte, at2 uint32, patch2 []byte, at3 uint32, patch3 []byte) {
		file, segments := whole, wholeSegments
		if small {
			file, segments = tiny, tinySegments
		}
		file = overwritten(file, int(at1)%len(file), string(patch1))
		file = overwritten(file, int(at2)%len(file), string(patch2))
		file = overwritten(file, int(at3)%len(file), string(patch3))
		compareReads(t, "mutated", file, segments)
	})
}

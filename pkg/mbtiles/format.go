package mbtiles

import (
	"fmt"

	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/blocks"
)

// FormatVersion is the version of the archive format that this package writes, and the only one it reads.
const FormatVersion = 1

const (
	applicationID   = 0x4D504258 // "MPBX": what MBTiles 1.3 asks for
	userVersionMark = 0x78656C00 // "xel" over the format version: tells an archive from a plain MBTiles by its header alone
)

// segmentBytes is the length of every segment of a file but the last.
const segmentBytes = 256 << 10

// tailSide is the largest level in pixels that shares the last segment.
const tailSide = 512

// The codecs of a segment.
const (
	codecRaw        = sqlpages.Raw
	codecZstd       = 1
	codecBlocks     = 2 // what package blocks makes
	codecBlocksZstd = 3 // a zstd frame of it
)

// The values of the row xelpack:state.
const (
	stateBuilding = "building"
	stateComplete = "complete"
)

const (
	keyPrefix  = "xelpack:"
	keyVersion = keyPrefix + "format_version"
	keyState   = keyPrefix + "state"
	keyDigest  = keyPrefix + "digest"
)

// schema is part of the format: a reader may insist on these statements byte for byte, and this one does.
var schema = [...]struct{ name, sql string }{
	{"metadata", `CREATE TABLE metadata (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`},
	{"tiles", `CREATE TABLE tiles (zoom_level INTEGER NOT NULL, tile_column INTEGER NOT NULL, tile_row INTEGER NOT NULL, tile_data BLOB NOT NULL, PRIMARY KEY (zoom_level, tile_column, tile_row))`},
	{"textures", `CREATE TABLE textures (zl INTEGER NOT NULL, row INTEGER NOT NULL, col INTEGER NOT NULL, maptype TEXT NOT NULL, detail INTEGER NOT NULL, content_id INTEGER NOT NULL, chunks INTEGER NOT NULL, overzoomed INTEGER NOT NULL, missing INTEGER NOT NULL, failed INTEGER NOT NULL, provider TEXT NOT NULL, PRIMARY KEY (zl, row, col, maptype)) WITHOUT ROWID`},
	{"textures_content", `CREATE INDEX textures_content ON textures (content_id)`},
	{"contents", `CREATE TABLE contents (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, format INTEGER NOT NULL, side INTEGER NOT NULL, levels INTEGER NOT NULL, bytes INTEGER NOT NULL)`},
	{"segments", `CREATE TABLE segments (id INTEGER PRIMARY KEY, codec INTEGER NOT NULL, data BLOB NOT NULL)`},
}

// maxContentID keeps content_id<<8 | n within SQLite's 63 bits.
const maxContentID = 1<<55 - 1

// segmentID is the row of segment n of a content.
func segmentID(content int64, n int) int64 { return content<<8 | int64(n) }

// cut is how the levels of a layout lie in segments. Offsets are in the file.
type cut struct {
	layout   dds.Layout
	segments int
	size     int64 // of the file
}

// piece is one segment of a content.
type piece struct {
	id     int64 // of its row
	length int
	shape  blocks.Shape
}

// cutOf returns the cut of a valid layout. Levels of 1024 px and more are whole multiples of segmentBytes, so their pieces are simply the file
// after its header, and what is left over is the tail.
func cutOf(l dds.Layout) cut {
	tail := 0
	for l.Side>>tail > tailSide {
		tail++
	}
	start, _ := l.Level(tail)
	return cut{layout: l, segments: int((start-dds.HeaderSize)/segmentBytes) + 1, size: l.Size()}
}

// segment returns where segment n lies in the file.
func (c cut) segment(n int) (off int64, length int) {
	off = dds.HeaderSize + int64(n)*segmentBytes
	if n == c.segments-1 {
		return off, int(c.size - off)
	}
	return off, segmentBytes
}

// atHand reports whether segment n had better be there without decoding: the first or the last of a full texture. They are what X-Plane reads of every
// texture, and all that it reads of most; and they are a 25th of the file.
func (c cut) atHand(n int) bool {
	return c.layout.Side == dds.MaxSide && (n == 0 || n == c.segments-1)
}

// piece returns segment n of a content.
func (c cut) piece(content int64, n int) piece {
	off, length := c.segment(n)
	level := 0
	for start, levelLength := c.layout.Level(0); off >= start+levelLength; start, levelLength = c.layout.Level(level) {
		level++
	}
	p := piece{id: segmentID(content, n), length: length}
	p.shape = blocks.Shape{BC3: c.layout.Format == dds.BC3, Width: c.layout.Side >> level / 4}
	if n == c.segments-1 {
		p.shape.Height, p.shape.Mips = p.shape.Width, true
	} else {
		p.shape.Height = p.shape.RowsIn(length)
	}
	return p
}

// at returns the segment that holds the byte at off, which is past the header and inside the file.
func (c cut) at(off int64) int {
	return min(int((off-dds.HeaderSize)/segmentBytes), c.segments-1)
}

// layoutOf checks a row of contents.
func layoutOf(format, side, levels, bytes int64) (dds.Layout, error) {
	l := dds.Layout{Format: dds.Format(format), Side: int(side)}
	if format != int64(l.Format) {
		return l, fmt.Errorf("format %d is unknown", format)
	}
	if err := l.Valid(); err != nil {
		return l, err
	}
	if levels != int64(l.Levels()) || bytes != l.Size() {
		return l, fmt.Errorf("%d levels and %d bytes do not fit %v at %d px (%d and %d)", levels, bytes, l.Format, l.Side, l.Levels(), l.Size())
	}
	return l, nil
}

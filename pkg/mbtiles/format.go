package mbtiles

import (
	"fmt"

	"github.com/xelpack/xelpack/pkg/dds"
)

// FormatVersion is the version of the archive format that this package writes, and the only one it
// reads.
const FormatVersion = 1

const (
	applicationID   = 0x4D504258 // "MPBX": what MBTiles 1.3 asks for
	userVersionMark = 0x78656C00 // "xel" over the format version: tells an archive from a plain MBTiles by its header alone
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

// The rows of metadata that say what an archive's textures are and come from.
const (
	KeyPlan            = keyPrefix + "plan"
	KeyProviders       = keyPrefix + "providers" // separated by commas
	KeySources         = keyPrefix + "sources"   // JSON: see SourcesOf
	KeyLicence         = keyPrefix + "licence"
	KeyRedistributable = keyPrefix + "redistributable" // true or false
	KeyPatchBase       = keyPrefix + "patch_base"      // the digest of the archive that this is a patch for
)

// schema is part of the format: a reader may insist on these statements byte for byte, and this one
// does.
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

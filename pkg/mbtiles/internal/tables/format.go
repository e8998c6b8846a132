// Package tables defines the tables of an archive: their statements, their rows, and what a
// file must say of itself before any of it is believed. docs/archive-format.md specifies them.
package tables

import (
	"fmt"

	"github.com/xelpack/xelpack/pkg/dds"
)

// Version is the version of the format that is written. Version 1, which is read and continued,
// has neither hashes of segments nor a tree nor signatures.
const Version = 2

// The numbers of the header.
const (
	ApplicationID = 0x4D504258 // "MPBX": as required by MBTiles 1.3
	// "xel" and the format version: tells an archive from a plain MBTiles by its header alone
	UserVersionMark = 0x78656C00
)

// The values of the row xelpack:state.
const (
	StateBuilding = "building"
	StateComplete = "complete"
)

// The rows of metadata that follow from what an archive holds.
const (
	KeyPrefix  = "xelpack:"
	KeyVersion = KeyPrefix + "format_version"
	KeyState   = KeyPrefix + "state"
	KeyDigest  = KeyPrefix + "digest"
	KeyRoot    = KeyPrefix + "root" // of the tree over the textures
	// of a .part whose derived previews are up to date as far as they go
	KeyFinishing = KeyPrefix + "finishing"
	// the look that was baked into the textures
	KeyLook = KeyPrefix + "look"
)

// The rows of metadata about where an archive's imagery is from.
const (
	KeyProviders       = KeyPrefix + "providers" // separated by commas
	KeySources         = KeyPrefix + "sources"   // JSON: see SourcesOf
	KeyLicence         = KeyPrefix + "licence"
	KeyRedistributable = KeyPrefix + "redistributable" // true or false
)

// Schema is part of the format: a reader may insist on these statements byte for byte, and this one
// does.
var Schema = [...]Statement{
	{"metadata",
		`CREATE TABLE metadata (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`},
	{"tiles",
		`CREATE TABLE tiles (zoom_level INTEGER NOT NULL, tile_column INTEGER NOT NULL, tile_row INTEGER NOT NULL, tile_data BLOB NOT NULL, PRIMARY KEY (zoom_level, tile_column, tile_row))`},
	{"textures",
		`CREATE TABLE textures (zl INTEGER NOT NULL, row INTEGER NOT NULL, col INTEGER NOT NULL, maptype TEXT NOT NULL, detail INTEGER NOT NULL, content_id INTEGER NOT NULL, chunks INTEGER NOT NULL, overzoomed INTEGER NOT NULL, missing INTEGER NOT NULL, failed INTEGER NOT NULL, provider TEXT NOT NULL, PRIMARY KEY (zl, row, col, maptype)) WITHOUT ROWID`},
	{"textures_content", `CREATE INDEX textures_content ON textures (content_id)`},
	{"contents",
		`CREATE TABLE contents (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, format INTEGER NOT NULL, side INTEGER NOT NULL, levels INTEGER NOT NULL, bytes INTEGER NOT NULL)`},
	{"segments",
		`CREATE TABLE segments (id INTEGER PRIMARY KEY, codec INTEGER NOT NULL, data BLOB NOT NULL)`},
	// from version 2 on
	{"hashes", `CREATE TABLE hashes (id INTEGER PRIMARY KEY, states BLOB NOT NULL)`},
	{"tree", `CREATE TABLE tree (id INTEGER PRIMARY KEY, hashes BLOB NOT NULL)`},
	{"signatures",
		`CREATE TABLE signatures (id INTEGER PRIMARY KEY, text TEXT NOT NULL, signature TEXT NOT NULL, runs BLOB NOT NULL, nodes BLOB NOT NULL)`},
}

// schemaOf returns the statements of a version.
func schemaOf(version int) []Statement {
	if version == 1 {
		return Schema[:6]
	}
	return Schema[:]
}

// Statement makes a table or an index.
type Statement struct{ Name, SQL string }

// MaxContentID keeps content_id<<8 | n within SQLite's 63 bits.
const MaxContentID = 1<<55 - 1

// LayoutOf checks a row of contents.
func LayoutOf(format, side, levels, bytes int64) (dds.Layout, error) {
	l := dds.Layout{Format: dds.Format(format), Side: int(side)}
	if format != int64(l.Format) {
		return l, fmt.Errorf("unknown format %d", format)
	}
	if err := l.Valid(); err != nil {
		return l, err
	}
	if levels != int64(l.Levels()) || bytes != l.Size() {
		return l, fmt.Errorf("%d levels and %d bytes do not match %v at %d px (want %d and %d)",
			levels, bytes, l.Format, l.Side, l.Levels(), l.Size())
	}
	return l, nil
}

package mbtiles

import "github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"

// What the tests of package mbtiles_test use of these: they import packages that import this one.
var (
	Build      = build
	ContentsOf = contentsOf
	Files      = files
	MetadataOf = tables.Metadata
	MustVerify = mustVerify
	OpenAt     = openAt
	Repacked   = repack
	RunBuild   = runBuild
)

// Noise makes a small file: every seed another one.
func Noise(seed uint64) []byte { return ddsFile(small, seed) }

// Package combine says what differs between archives, and makes one of several: merged, or of one
// and a patch. It decides which textures an archive has and what its metadata says; mbtiles.Assemble
// makes the file.
package combine

import "errors"

// What archives cannot be combined for, beside the errors of package mbtiles.
var (
	ErrMixture = errors.New("some of the imagery may be passed on and some may not")
	ErrPatch   = errors.New("the patch does not fit")
)

// Package combine compares archives, and makes one archive of several: by merging, or from one and
// a patch. It decides which textures an archive has and what its metadata says; mbtiles.Assemble
// makes the file.
package combine

import "errors"

// Reasons why archives cannot be combined, in addition to the errors of package mbtiles.
var (
	ErrMixture = errors.New(
		"imagery that may be passed on would be mixed with imagery that may not")
	ErrLooks = errors.New("the archives have different looks baked in")
	ErrPatch = errors.New("the patch does not fit")
)

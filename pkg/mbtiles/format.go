package mbtiles

import (
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// FormatVersion is the version of the archive format that this package writes. It reads those
// before too.
const FormatVersion = tables.Version

// Metadata rows about the origin of an archive's textures.
const (
	KeyPlan            = tables.KeyPrefix + "plan"
	KeyProviders       = tables.KeyProviders // separated by commas
	KeySources         = tables.KeySources   // JSON: see SourcesOf
	KeyLicence         = tables.KeyLicence
	KeyRedistributable = tables.KeyRedistributable // true or false
	KeyLook            = tables.KeyLook            // baked into the textures; not there: none
	// digest of the archive that this is a patch for
	KeyPatchBase = tables.KeyPrefix + "patch_base"
)

// SourcesOf returns what metadata says of the providers that imagery is of. Before archives listed
// them, only what all had in common was said.
func SourcesOf(meta map[string]string) (terms.Sources, error) { return tables.SourcesOf(meta) }

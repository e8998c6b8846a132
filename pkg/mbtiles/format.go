package mbtiles

import "github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"

// FormatVersion is the version of the archive format that this package writes. It reads those
// before too.
const FormatVersion = tables.Version

// Metadata rows about the origin of an archive's textures.
const (
	KeyPlan            = tables.KeyPrefix + "plan"
	KeyProviders       = tables.KeyPrefix + "providers" // separated by commas
	KeySources         = tables.KeyPrefix + "sources"   // JSON: see SourcesOf
	KeyLicence         = tables.KeyPrefix + "licence"
	KeyRedistributable = tables.KeyPrefix + "redistributable" // true or false
	// digest of the archive that this is a patch for
	KeyPatchBase = tables.KeyPrefix + "patch_base"
)

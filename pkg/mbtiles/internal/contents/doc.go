// Package contents makes, reads and takes the contents of an archive. A content is a DDS file as
// the archive stores it: cut into segments, each in the form that suits it, with its hash and
// preview.
//
// Reader is the one way to a segment. By its pages where the archive is finished, else through
// SQLite, it comes either decoded (load) or as it is stored (stored). Four things are remembered,
// each an answer to a question of its own: where rows lie (sqlpages.Table), what has been decoded
// lately (segment.Decoded), what the short segments of one colour decode to (segment.Decoder), and
// which memory is free (segment.Buffers).
package contents

import (
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// Stored is a content.
type Stored struct {
	Layout dds.Layout
	segment.Sums
	Segments []segment.Stored
	Preview  []byte
	Bytes    int64 // of all segments' data
}

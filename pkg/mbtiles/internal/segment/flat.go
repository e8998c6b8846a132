package segment

import (
	"sync"

	"github.com/xelpack/xelpack/pkg/mbtiles/internal/blocks"
)

// Segments of one colour, such as the sea, are stored in about 45 bytes, the same for many
// textures. Decoding them takes as long as any other, so a few are remembered by their stored bytes
// and then only copied.

const (
	// maxFlat is the stored length up to which a segment is remembered. Only repetition is that
	// short.
	maxFlat = 64
	// maxFlats bounds the number of remembered segments, to about 2 MiB.
	maxFlats = 8
)

// flats remembers the decoded form of short segments. Safe for concurrent use; the zero value is
// empty.
type flats struct {
	mu    sync.RWMutex
	known map[flat][]byte // never written to
}

// flat is a stored segment with the shape that it decodes to.
type flat struct {
	codec int64
	shape blocks.Shape
	data  string
}

// fill fills buf if the segment is known.
func (f *flats) fill(s Stored, shape blocks.Shape, buf []byte) bool {
	if len(s.Data) > maxFlat || s.Codec == Raw {
		return false
	}
	f.mu.RLock()
	data, known := f.known[flat{s.Codec, shape, string(s.Data)}]
	f.mu.RUnlock()
	return known && len(data) == len(buf) && copy(buf, data) == len(buf)
}

// keep remembers the decoded form of a segment, in place of any other.
func (f *flats) keep(s Stored, shape blocks.Shape, buf []byte) {
	if len(s.Data) > maxFlat || s.Codec == Raw {
		return
	}
	data := append([]byte(nil), buf...)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known == nil {
		f.known = make(map[flat][]byte)
	}
	for k := range f.known {
		if len(f.known) < maxFlats {
			break
		}
		delete(f.known, k)
	}
	f.known[flat{s.Codec, shape, string(s.Data)}] = data
}

package contents

import (
	"fmt"
	"slices"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// Encoder makes contents of files. The zero value stores everything as it is. It serves one
// goroutine.
type Encoder struct {
	Packer *segment.Packer
	AtHand bool   // what had better be there without decoding is stored as it is unless it halves
	buf    []byte // segments one after the other, as they are stored
}

// Encode makes a content of a whole file, of which it keeps nothing.
func (e *Encoder) Encode(file []byte) (*Stored, error) {
	l, err := dds.ParseHeader(file)
	if err != nil {
		return nil, err
	}
	if int64(len(file)) != l.Size() {
		return nil, fmt.Errorf("%d bytes, want %d for %v at %d px", len(file), l.Size(), l.Format,
			l.Side)
	}
	jpeg, err := preview.Of(l, file)
	if err != nil {
		return nil, err
	}
	cut := segment.CutOf(l)
	s := &Stored{Layout: l, Sums: cut.Hash(file), Preview: jpeg,
		Segments: make([]segment.Stored, cut.Segments)}

	// First into the scratch buffer, to know the length, then into one block of memory of just that
	// length.
	e.buf = slices.Grow(e.buf[:0], len(file))
	for n := range s.Segments {
		off, length := cut.Bounds(n)
		start, raw := len(e.buf), file[off:][:length]
		e.buf, s.Segments[n].Codec = e.Packer.Append(e.buf, raw, cut.Piece(0, n).Shape)
		if e.AtHand && cut.AtHand(n) && len(e.buf)-start > length/2 {
			e.buf = append(e.buf[:start], raw...)
			s.Segments[n].Codec = segment.Raw
		}
		s.Segments[n].Data = e.buf[start:] // its length is what counts: the bytes may move yet
	}
	s.Bytes = int64(len(e.buf))
	rest := append(make([]byte, 0, len(e.buf)), e.buf...)
	for n := range s.Segments {
		length := len(s.Segments[n].Data)
		s.Segments[n].Data, rest = rest[:length:length], rest[length:]
	}
	return s, nil
}

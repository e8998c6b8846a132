package ddsdir

import (
	"io"
	"slices"

	"github.com/xelpack/xelpack/pkg/dds"
)

// recolouring writes a DDS file with other colours. It is given the file in pieces of whole blocks.
type recolouring struct {
	w      io.Writer
	layout dds.Layout
	change *dds.Recolouring
	off    int64
	piece  []byte
}

func (r *recolouring) Write(p []byte) (int, error) {
	r.piece = slices.Grow(r.piece[:0], len(p))[:len(p)]
	r.layout.Recolour(r.piece, p, r.off, r.change)
	r.off += int64(len(p))
	return r.w.Write(r.piece)
}

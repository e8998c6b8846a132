package mount

import (
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// maxBlock is the size in bytes of the largest block: what is recoloured consists of whole ones.
const maxBlock = 16

// inLook returns what read gives for dest, as the look changes it. dest lies within the texture's
// file, and read returns its argument or memory that must not be changed.
func (t *tree) inLook(x tiles.Texture, l dds.Layout, dest []byte, off int64,
	read func(p []byte, off int64) []byte) []byte {
	if t.look == nil || len(dest) == 0 {
		return read(dest, off)
	}
	change := t.look(x)
	if change == nil {
		return read(dest, off)
	}
	// The kernel reads whole pages, and so whole blocks; others need not.
	first, end := off&^(maxBlock-1), off+int64(len(dest))
	if first != off || end%maxBlock != 0 && end != l.Size() {
		wide := make([]byte, min((end+maxBlock-1)&^(maxBlock-1), l.Size())-first)
		return t.inLook(x, l, wide, first, read)[off-first:][:len(dest)]
	}
	l.Recolour(dest, read(dest, off), off, change)
	return dest
}

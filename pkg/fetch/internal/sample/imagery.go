// Package sample paints procedural imagery: an invented world of sea, coast, fields, woods, lanes
// and villages, without any input.
//
// A chunk's four children show the same ground, finer; neighbours join without a seam; open sea is
// one even colour. All decisions use integers, so the pixels are the same on every machine, and so
// are the bytes if image/jpeg encodes alike (within a Go release).
package sample

import (
	"bytes"
	"image/jpeg"
	"slices"
	"sync"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// MaxZL is the finest zoom level of the world.
const MaxZL tiles.ZL = 22

// Imagery makes chunks, each in its caller's goroutine. Safe for concurrent use.
type Imagery struct {
	sea      func() ([]byte, error) // a chunk of open sea
	canvases sync.Pool              // of *canvas
}

// New returns an Imagery.
func New() *Imagery {
	i := &Imagery{sea: sync.OnceValues(func() ([]byte, error) {
		k := newCanvas()
		k.paintSea()
		return k.encode()
	})}
	i.canvases.New = func() any { return newCanvas() }
	return i
}

// JPEG returns c, which must lie in the world and not be finer than MaxZL, as a baseline JPEG of
// quality 85.
func (i *Imagery) JPEG(c tiles.Chunk) ([]byte, error) {
	k := i.canvases.Get().(*canvas)
	defer i.canvases.Put(k)
	if !k.survey(c) {
		sea, err := i.sea()
		return slices.Clone(sea), err
	}
	k.paint(c)
	return k.encode()
}

func (k *canvas) encode() ([]byte, error) {
	var b bytes.Buffer
	b.Grow(16 << 10)
	err := jpeg.Encode(&b, k.picture, &jpeg.Options{Quality: 85})
	return b.Bytes(), err
}

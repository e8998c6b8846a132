package fetch

import (
	"bytes"
	"context"
	"image/jpeg"
	"runtime"
	"slices"
	"sync"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Sample returns the source of procedural imagery: an invented world of sea, coast, fields, woods, lanes and villages, at every zoom level from 0
// to 22. A chunk's four children show the same ground, finer; neighbours join without a seam; open sea is one even colour, in equal bytes.
// Only integers make it, so the pixels are the same on every machine, and so are the bytes wherever image/jpeg encodes alike (within a Go release).
func Sample() Source { return &bounded{next: newSample(newGate(runtime.NumCPU())), maxZL: tiles.MaxZL} }

func newSample(cpu *gate) Source {
	s := &sample{}
	s.canvases.New = func() any { return newCanvas() }
	s.sea = sync.OnceValues(func() ([]byte, error) {
		k := newCanvas()
		k.paintSea()
		return k.encode()
	})
	return &limited{next: s, gates: []*gate{cpu}}
}

// sample makes chunks in the calling goroutine.
type sample struct {
	sea      func() ([]byte, error) // a chunk of open sea
	canvases sync.Pool              // of *canvas
}

func (s *sample) Fetch(_ context.Context, c tiles.Chunk) ([]byte, error) {
	k := s.canvases.Get().(*canvas)
	defer s.canvases.Put(k)
	if !k.survey(c) {
		sea, err := s.sea()
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

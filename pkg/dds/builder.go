package dds

import (
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
)

// ErrPlace means that a texture has no such row or column of chunks.
var ErrPlace = errors.New("no such place in the texture")

// ErrChunkTwice means that a place has its chunk already. The first one stays.
var ErrChunkTwice = errors.New("chunk given twice")

// ErrMissingChunk means that a texture was finished before every place had its chunk.
var ErrMissingChunk = errors.New("chunk missing")

// Builder builds one texture from its chunks, (Side/256)² of them. Any number of workers add chunks
// at once; Finish then returns the file.
type Builder struct {
	layout  Layout
	buf     []byte
	across  int             // chunks along a side
	places  []atomic.Uint32 // placeEmpty, placeTaken, placeDone
	mosaic  []uint32        // linear light of every chunk's 4×4 px level: across·4 px square
	quality Quality
}

const (
	placeEmpty uint32 = iota
	placeTaken        // a worker is writing to it
	placeDone
)

// Option sets an optional property of a Builder.
type Option func(*Builder)

// WithQuality sets how thoroughly the encoder searches. Default Good.
func WithQuality(q Quality) Option { return func(b *Builder) { b.quality = q } }

// NewBuilder starts a texture. The file is built in buf if it is large enough, otherwise in new
// memory; until Finish its contents are undefined. The error is an ErrLayout.
func NewBuilder(l Layout, buf []byte, opts ...Option) (*Builder, error) {
	if err := l.Valid(); err != nil {
		return nil, err
	}
	size := int(l.Size())
	if cap(buf) < size {
		buf = make([]byte, size)
	}
	across := l.Side / chunkSide
	b := &Builder{
		layout: l,
		buf:    buf[:size],
		across: across,
		places: make([]atomic.Uint32, across*across),
		mosaic: make([]uint32, across*across*tailSide*tailSide*4),
	}
	for _, o := range opts {
		o(b)
	}
	h := l.Header()
	copy(b.buf, h[:])
	return b, nil
}

// Layout returns the builder's layout.
func (b *Builder) Layout() Layout { return b.layout }

// Finish encodes the levels in which a chunk is smaller than a block, and returns the whole file,
// which then belongs to the caller. Every Add must have returned. If a place is empty, the error is
// an ErrMissingChunk that names the first; the missing chunks may then still be added.
func (b *Builder) Finish() ([]byte, error) {
	missing, first := 0, 0
	for i := range b.places {
		if b.places[i].Load() != placeDone {
			if missing == 0 {
				first = i
			}
			missing++
		}
	}
	if missing > 0 {
		return nil, fmt.Errorf("%w: %d of %d, first row %d, column %d", ErrMissingChunk, missing,
			len(b.places), first/b.across, first%b.across)
	}
	b.encodeTail()
	return b.buf, nil
}

// encodeTail encodes the levels below 4 px a chunk.
func (b *Builder) encodeTail() {
	for n, pix := range b.tailLevels() {
		off, size := b.layout.Level(n)
		encodeSmall(b.buf[off:off+size], pix, b.layout.Side>>n, b.layout.Format, b.quality)
	}
}

// tailLevels yields the levels below 4 px a chunk, made from the mosaic: level number and pixels.
func (b *Builder) tailLevels() iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		lin := b.mosaic
		for n := chunkLevels; n < b.layout.Levels(); n++ {
			half, side := make([]uint32, len(lin)/4), b.layout.Side>>n
			for y := range side {
				halve(half[y*side*4:][:side*4], lin[2*y*side*8:][:side*8],
					lin[(2*y+1)*side*8:][:side*8])
			}
			pix := make([]byte, len(half))
			toCodes(pix, half)
			if !yield(n, pix) {
				return
			}
			lin = half
		}
	}
}

// encodeSmall encodes a whole level. A level smaller than a block is repeated to fill it.
func encodeSmall(dst, pix []byte, side int, f Format, q Quality) {
	across, size := blocksAcross(side), f.blockBytes()
	var px [64]byte
	for i := range across * across {
		for p := range 16 {
			x, y := (i%across*4+p%4)%side, (i/across*4+p/4)%side
			copy(px[p*4:][:4], pix[(y*side+x)*4:])
		}
		encodeBlock(dst[i*size:][:size], &px, f, q)
	}
}

// claim reserves a place, so that only one of two chunks for it is written.
func (b *Builder) claim(row, col int) (place int, err error) {
	place = row*b.across + col
	if !b.places[place].CompareAndSwap(placeEmpty, placeTaken) {
		return 0, fmt.Errorf("%w: row %d, column %d", ErrChunkTwice, row, col)
	}
	return place, nil
}

// check returns early, before any work, the error that claim would return.
func (b *Builder) check(row, col int) error {
	if row < 0 || col < 0 || row >= b.across || col >= b.across {
		return fmt.Errorf("%w: row %d, column %d of %d×%d", ErrPlace, row, col, b.across, b.across)
	}
	if b.places[row*b.across+col].Load() != placeEmpty {
		return fmt.Errorf("%w: row %d, column %d", ErrChunkTwice, row, col)
	}
	return nil
}

// placeTail copies a chunk's last level into the mosaic.
func (b *Builder) placeTail(row, col int, tail []uint32) {
	const w = tailSide * 4
	for y := range tailSide {
		copy(b.mosaic[((row*tailSide+y)*b.across+col)*w:][:w], tail[y*w:])
	}
}

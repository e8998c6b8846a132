//go:build cgo && !purego && (amd64 || arm64)

package dds

// #cgo CFLAGS: -O3 -Wall -Wno-psabi
// #include "encode.h"
import "C"

import "unsafe"

// path is a version of the vector encoder. All give the same blocks.
type path C.int

const (
	pathPlain  path = C.XP_PLAIN
	pathAVX2   path = C.XP_AVX2
	pathAVX512 path = C.XP_AVX512
)

// vectorChunk is the way from a chunk's pixels to its blocks through C, in one call.
type vectorChunk struct {
	path    path
	scratch *C.xp_scratch
}

func newChunkEncoder() chunkEncoder { return newVectorChunk(path(C.xp_best_path())) }

func newVectorChunk(p path) vectorChunk { return vectorChunk{path: p, scratch: new(C.xp_scratch)} }

func (c vectorChunk) pixels() []byte { return unsafe.Slice((*byte)(&c.scratch.pixels[0]), chunkBytes) }

func (c vectorChunk) encode(out []byte, to *[chunkLevels]chunkArea, f Format, q Quality) (tail []uint32) {
	var places C.xp_places
	for n, a := range to {
		places.offset[n], places.pitch[n] = C.int64_t(a.offset), C.int64_t(a.pitch)
	}
	bc3 := C.int(0)
	if f == BC3 {
		bc3 = 1
	}
	C.xp_chunk(C.int(c.path), c.scratch, (*C.uint8_t)(&out[0]), &places, bc3, C.int(q))
	return unsafe.Slice((*uint32)(&c.scratch.tail[0]), len(c.scratch.tail))
}

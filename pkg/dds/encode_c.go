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

var pathNames = [...]string{pathPlain: "c", pathAVX2: "avx2", pathAVX512: "avx512"}

// Variants names the versions of the encoder that this processor can run, fastest first. All give
// the same bytes, so there is no need to choose.
func Variants() []string {
	var names []string
	for p := path(C.xp_best_path()); p >= pathPlain; p-- {
		names = append(names, pathNames[p])
	}
	return append(names, goVariant)
}

func newEncoder(variant string) encoder {
	for p := path(C.xp_best_path()); p >= pathPlain; p-- {
		if variant == "" || variant == pathNames[p] {
			return vectorEncoder{path: p, scratch: new(C.xp_scratch)}
		}
	}
	return newPlainEncoder()
}

// vectorEncoder encodes through C: a chunk from its pixels to its blocks in one call.
type vectorEncoder struct {
	path    path
	scratch *C.xp_scratch
}

func (e vectorEncoder) pixels() []byte {
	return unsafe.Slice((*byte)(&e.scratch.pixels[0]), chunkBytes)
}

func (e vectorEncoder) chunk(out []byte, to *[chunkLevels]chunkArea, f Format,
	q Quality) (tail []uint32) {
	var places C.xp_places
	for n, a := range to {
		places.offset[n], places.pitch[n] = C.int64_t(a.offset), C.int64_t(a.pitch)
	}
	C.xp_chunk(C.int(e.path), e.scratch, (*C.uint8_t)(&out[0]), &places, isBC3(f), C.int(q))
	return unsafe.Slice((*uint32)(&e.scratch.tail[0]), len(e.scratch.tail))
}

func (e vectorEncoder) picture(out, pix []byte, stride, across, down int, f Format, q Quality) {
	C.xp_image(C.int(e.path), (*C.uint8_t)(&out[0]), C.ptrdiff_t(across*f.blockBytes()),
		(*C.uint8_t)(&pix[0]), C.ptrdiff_t(stride), C.int(across), C.int(down), isBC3(f), C.int(q))
}

func isBC3(f Format) C.int {
	if f == BC3 {
		return 1
	}
	return 0
}

func newRecolourer(variant string) recolourer {
	for p := path(C.xp_best_path()); p >= pathPlain; p-- {
		if variant == "" || variant == pathNames[p] {
			return func(dst, src []byte, f Format, r *Recolouring, first, across int64) {
				C.xp_recolour(C.int(p), (*C.uint8_t)(&dst[0]), (*C.uint8_t)(&src[0]),
					C.int64_t(len(src)/f.blockBytes()), isBC3(f),
					(*C.uint32_t)(unsafe.SliceData(r.Palette.table)), (*C.int32_t)(&r.Saturation[0]),
					(*C.int32_t)(&r.White[0]), C.int64_t(first), C.int64_t(across))
			}
		}
	}
	return recolourGo
}

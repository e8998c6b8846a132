//go:build cgo && !purego && (amd64 || arm64)

package blocks

// #cgo CFLAGS: -O3 -Wall
// #include "kernel.h"
import "C"

import "unsafe"

// kernels returns the kernels that this machine can run, fastest first.
func kernels() map[string]kernel {
	all := map[string]kernel{"go": goKernel{}, "c": cKernel{}}
	if C.xb_fast() != 0 {
		all["avx2"] = cKernel{fast: 1}
	}
	return all
}

func newKernel() kernel { return cKernel{C.xb_fast()} }

// cKernel is in C.
type cKernel struct{ fast C.int }

func (p *planes) pointer() *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(&p.memory[0])) }

func (k cKernel) split(p *planes, s Shape, raw []byte) {
	stride, half := colours(s, raw)
	at := 0
	for w, h := range s.areas() {
		C.xb_split(k.fast, p.pointer(), C.ptrdiff_t(p.stride), C.int(at), C.int(w), C.int(h),
			(*C.uint64_t)(&p.row[0]), (*C.uint8_t)(&half[0]), C.ptrdiff_t(stride))
		at += w * h
	}
	C.xb_split_quads(k.fast, p.pointer(), C.ptrdiff_t(p.stride), C.int(p.n))
}

func (k cKernel) join(p *planes, s Shape, raw []byte) {
	stride, half := colours(s, raw)
	C.xb_join_quads(k.fast, p.pointer(), C.ptrdiff_t(p.stride), C.int(p.n))
	at := 0
	for w, h := range s.areas() {
		C.xb_join(k.fast, p.pointer(), C.ptrdiff_t(p.stride), C.int(at), C.int(w), C.int(h),
			(*C.uint64_t)(&p.row[0]), (*C.uint8_t)(&half[0]), C.ptrdiff_t(stride))
		at += w * h
	}
}

func (k cKernel) count(p *planes, counts *[codes]counts) {
	C.xb_count(p.pointer(), C.ptrdiff_t(p.stride), C.int(p.n), (*C.uint32_t)(&counts[0][0]))
}

func (k cKernel) write(p *planes, words *[codes]words, packed []byte) (ends [colourStreams]uint32) {
	C.xb_write(k.fast, p.pointer(), C.ptrdiff_t(p.stride), C.int(p.n), (*C.uint16_t)(&words[0][0]),
		(*C.uint8_t)(unsafe.SliceData(packed)), (*C.uint32_t)(&ends[0]))
	return ends
}

func (k cKernel) read(p *planes, tables *[codes]table, longest *[codes]uint32, packed []byte,
	ends *[colourStreams]uint32) int {
	return int(C.xb_read(k.fast, p.pointer(), C.ptrdiff_t(p.stride), C.int(p.n),
		(*C.uint16_t)(unsafe.Pointer(&tables[0][0])), (*C.uint32_t)(&longest[0]),
		(*C.uint8_t)(unsafe.SliceData(packed)), (*C.uint32_t)(&ends[0])))
}

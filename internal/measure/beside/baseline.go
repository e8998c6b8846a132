//go:build squish

package main

// #cgo CXXFLAGS: -O2
// #cgo LDFLAGS: -lsquish
// #include "baseline.h"
import "C"

const haveSquish = true

// squish encodes blocks of 16 RGBA pixels with libsquish's range fit.
func squish(dst, blocks []byte) {
	C.bench_squish((*C.uchar)(&dst[0]), (*C.uchar)(&blocks[0]), C.int(len(blocks)/64))
}

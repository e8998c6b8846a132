//go:build squish

package main

// #cgo CXXFLAGS: -O2
// #cgo LDFLAGS: -lsquish
// #include "squish.h"
import "C"

// squish encodes blocks of 16 RGBA pixels with libsquish's range fit.
func squish(dst, blocks []byte) bool {
	C.bench_squish((*C.uchar)(&dst[0]), (*C.uchar)(&blocks[0]), C.int(len(blocks)/64))
	return true
}

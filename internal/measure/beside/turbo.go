//go:build cgo && !purego

package main

// #cgo CFLAGS: -O2
// #cgo pkg-config: libturbojpeg
// #include <turbojpeg.h>
import "C"

import "errors"

// turboInC decodes a chunk with TurboJPEG alone: the baseline for the wrapper.
func turboInC(s *set) func(i int) error {
	handle := C.tjInitDecompress()
	rgba := make([]byte, chunkSide*chunkSide*4)
	return func(i int) error {
		j := s.jpegs[i]
		if C.tjDecompress2(handle, (*C.uchar)(&j[0]), C.ulong(len(j)), (*C.uchar)(&rgba[0]),
			chunkSide, chunkSide*4, chunkSide, C.TJPF_RGBA, C.TJFLAG_ACCURATEDCT) != 0 {
			return errors.New("TurboJPEG failed")
		}
		return nil
	}
}

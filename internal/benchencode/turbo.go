//go:build cgo && !purego

package main

// #cgo CFLAGS: -O2
// #cgo pkg-config: libturbojpeg
// #include <turbojpeg.h>
// static int decode_all(const unsigned char *jpegs, const unsigned long *lengths, int n, unsigned char *rgba) {
// 	tjhandle h = tjInitDecompress();
// 	int failed = 0;
// 	for (int i = 0; i < n; i++) {
// 		failed |= tjDecompress2(h, jpegs, lengths[i], rgba, 256, 1024, 256, TJPF_RGBA, TJFLAG_ACCURATEDCT);
// 		jpegs += lengths[i];
// 	}
// 	tjDestroy(h);
// 	return failed;
// }
import "C"

import (
	"bytes"
	"errors"
)

// turboInC decodes all chunks in one call into C: what the wrapper is measured against.
func turboInC(s *set) func() error {
	all := bytes.Join(s.jpegs[:], nil)
	lengths := make([]C.ulong, len(s.jpegs))
	for i, j := range s.jpegs {
		lengths[i] = C.ulong(len(j))
	}
	rgba := make([]byte, chunkSide*chunkSide*4)
	return func() error {
		if C.decode_all((*C.uchar)(&all[0]), &lengths[0], C.int(len(lengths)), (*C.uchar)(&rgba[0])) != 0 {
			return errors.New("TurboJPEG failed")
		}
		return nil
	}
}

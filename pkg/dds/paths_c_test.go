//go:build cgo && !purego && (amd64 || arm64)

package dds

import "testing"

// chunkEncoders are all the ways from pixels to blocks that this processor can go; the first is the pure Go one.
func chunkEncoders(t testing.TB) (names []string, encoders []chunkEncoder) {
	names, encoders = []string{"go"}, []chunkEncoder{plainChunk{newPyramid()}}
	best := newChunkEncoder().(vectorChunk).path
	for p, name := range []string{"plain C", "AVX2", "AVX-512"} {
		if path(p) > best {
			t.Logf("%s: this processor has none", name)
			continue
		}
		names, encoders = append(names, name), append(encoders, newVectorChunk(path(p)))
	}
	return names, encoders
}

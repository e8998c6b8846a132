//go:build !cgo || purego || !(amd64 || arm64)

package dds

import "testing"

func chunkEncoders(testing.TB) (names []string, encoders []chunkEncoder) {
	return []string{"go"}, []chunkEncoder{newChunkEncoder()}
}

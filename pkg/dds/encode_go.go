//go:build !cgo || purego || !(amd64 || arm64)

package dds

func newChunkEncoder() chunkEncoder { return plainChunk{newPyramid()} }

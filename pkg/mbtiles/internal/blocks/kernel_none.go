//go:build !cgo || purego || (!amd64 && !arm64)

package blocks

func kernels() map[string]kernel { return map[string]kernel{"go": goKernel{}} }

func newKernel() kernel { return goKernel{} }

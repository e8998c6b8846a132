//go:build !cgo || purego || !(amd64 || arm64)

package dds

// Variants names the versions of the encoder that this processor can run, fastest first. All give
// the same bytes, so there is no need to choose.
func Variants() []string { return []string{goVariant} }

func newEncoder(string) encoder { return newPlainEncoder() }

func newRecolourer(string) recolourer { return recolourGo }

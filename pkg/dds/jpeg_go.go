//go:build !cgo || purego

package dds

// Decoder names the JPEG decoder in use, as archives record it: decoders differ in the last bit of
// a pixel.
func Decoder() string { return goDecoder }

type jpegDecoder struct{}

func (jpegDecoder) close() {}

func (jpegDecoder) decode(dst []byte, side int, jpeg []byte) error {
	return decodeWithGo(dst, side, jpeg)
}

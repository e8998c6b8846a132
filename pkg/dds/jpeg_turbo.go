//go:build cgo && !purego

package dds

// #cgo pkg-config: libturbojpeg
// #include "jpeg_turbo.h"
import "C"

import (
	"errors"
	"fmt"
	"strings"
)

// Decoder names the JPEG decoder in use, as archives record it: decoders differ in the last bit of
// a pixel.
func Decoder() string { return C.GoString(C.xp_jpeg_version()) }

type jpegDecoder struct{ c C.xp_jpeg }

func (d *jpegDecoder) close() { C.xp_jpeg_close(&d.c) }

// decode decodes a picture of side×side px.
func (d *jpegDecoder) decode(dst []byte, side int, jpeg []byte) error {
	if len(jpeg) == 0 {
		return fmt.Errorf("%w: empty", ErrJPEG)
	}
	switch status := C.xp_jpeg_decode(&d.c, (*C.uchar)(&jpeg[0]), C.ulong(len(jpeg)),
		(*C.uchar)(&dst[0]), C.int(side)); status {
	case C.XP_OK:
		return nil
	case C.XP_SIZE:
		return errSize(int(d.c.width), int(d.c.height), side)
	case C.XP_COLORS:
		return fmt.Errorf("%w: CMYK", ErrJPEG)
	case C.XP_NO_MEMORY:
		return errors.New("no memory for a JPEG decoder")
	default:
		message := C.GoString(&d.c.message[0])
		if status == C.XP_WARNED && harmless(message, side, jpeg) {
			return nil
		}
		return fmt.Errorf("%w: %s", ErrJPEG, message)
	}
}

// harmless decides about a picture that libjpeg decoded with a warning. Most warnings mean that
// part of the picture is invented, which is a failure; some only mark sloppy writers. libjpeg
// reports only the first warning, so a sloppy file might be damaged as well: Go's decoder, which
// stops at any damage, is asked for a second opinion.
func harmless(message string, side int, jpeg []byte) bool {
	for _, sloppy := range []string{"extraneous bytes before marker", "unknown JFIF revision",
		"Unknown Adobe color transform"} {
		if strings.Contains(message, sloppy) {
			return decodeWithGo(make([]byte, side*side*4), side, jpeg) == nil
		}
	}
	return false
}

package fetch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// CheckTile returns why body is not a whole usable picture of side×side px, or nil: a JPEG, a PNG
// or a still WebP. It decodes nothing, and a body that passes is safe to decode: no picture inside
// is larger than announced. The error wraps ErrBody.
func CheckTile(body []byte, side int) error {
	switch {
	case bytes.HasPrefix(body, []byte(pngSignature)):
		return checkPNG(body, side)
	case len(body) >= 12 && string(body[:4]) == "RIFF" && string(body[8:12]) == "WEBP":
		return checkWebP(body, side)
	}
	return checkJPEG(body, side)
}

// usable returns body if it passes check and more, which may be nil.
func usable(body []byte, check, more func([]byte) error) ([]byte, error) {
	if err := check(body); err != nil {
		return nil, err
	}
	if more != nil {
		if err := more(body); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBody, err)
		}
	}
	return body, nil
}

// kindOf names what body is, by its beginning.
func kindOf(body []byte) string {
	switch {
	case bytes.HasPrefix(body, []byte("II*\x00")), bytes.HasPrefix(body, []byte("MM\x00*")):
		return "image/tiff"
	case len(body) >= 12 && string(body[4:11]) == "ftypavi":
		return "image/avif"
	}
	return http.DetectContentType(body)
}

// IsJPEG reports whether body begins like a JPEG.
func IsJPEG(body []byte) bool { return bytes.HasPrefix(body, []byte{0xFF, markerSOI}) }

func checkSize(kind string, width, height uint32, side int) error {
	if int64(width) == int64(side) && int64(height) == int64(side) {
		return nil
	}
	remedy := ""
	if width == height && (width == 256 || width == 512 || width == 1024 || width == 2048) {
		remedy = fmt.Sprintf(" (tile_px = %d in providers.toml?)", width)
	}
	return fmt.Errorf("%w: %s of %d×%d px, not %d×%[5]d%s", ErrBody, kind, width, height, side,
		remedy)
}

// checkPNG walks the chunks to the end marker.
func checkPNG(body []byte, side int) error {
	rest := body[len(pngSignature):]
	for first := true; ; first = false {
		if len(rest) < 12 {
			return fmt.Errorf("%w: PNG cut off after %d bytes", ErrBody, len(body))
		}
		length := binary.BigEndian.Uint32(rest)
		kind := string(rest[4:8])
		if uint64(length)+12 > uint64(len(rest)) {
			return fmt.Errorf("%w: PNG cut off after %d bytes", ErrBody, len(body))
		}
		switch {
		case first && (kind != "IHDR" || length != 13), !first && kind == "IHDR":
			return fmt.Errorf("%w: PNG without its header", ErrBody)
		case first:
			if err := checkSize("PNG", binary.BigEndian.Uint32(rest[8:]),
				binary.BigEndian.Uint32(rest[12:]), side); err != nil {
				return err
			}
		case kind == "IEND":
			return nil
		}
		rest = rest[12+length:]
	}
}

// checkWebP checks the canvas and the picture in it: each has a size of its own.
func checkWebP(body []byte, side int) error {
	cut := fmt.Errorf("%w: WebP cut off after %d bytes", ErrBody, len(body))
	size := uint64(binary.LittleEndian.Uint32(body[4:]))
	if size < 4 || size+8 > uint64(len(body)) {
		return cut
	}
	for rest := body[12 : 8+size]; len(rest) >= 8; {
		kind, length := string(rest[:4]), uint64(binary.LittleEndian.Uint32(rest[4:]))
		rest = rest[8:]
		if length > uint64(len(rest)) {
			return cut
		}
		data := rest[:length]
		rest = rest[min(length+length&1, uint64(len(rest))):]
		switch kind {
		case "VP8 ":
			if length < 10 || !bytes.Equal(data[3:6], []byte{0x9D, 0x01, 0x2A}) {
				return fmt.Errorf("%w: WebP without a key frame", ErrBody)
			}
			return checkSize("WebP", uint32(binary.LittleEndian.Uint16(data[6:])&0x3FFF),
				uint32(binary.LittleEndian.Uint16(data[8:])&0x3FFF), side)
		case "VP8L":
			if length < 5 || data[0] != 0x2F {
				return fmt.Errorf("%w: WebP without a picture", ErrBody)
			}
			bits := binary.LittleEndian.Uint32(data[1:])
			return checkSize("WebP", bits&0x3FFF+1, bits>>14&0x3FFF+1, side)
		case "VP8X":
			if length < 10 {
				return cut
			}
			if data[0]&2 != 0 {
				return fmt.Errorf("%w: animated WebP", ErrBody)
			}
			width := uint32(data[4]) | uint32(data[5])<<8 | uint32(data[6])<<16
			height := uint32(data[7]) | uint32(data[8])<<8 | uint32(data[9])<<16
			if err := checkSize("WebP", width+1, height+1, side); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("%w: WebP without a picture", ErrBody)
}

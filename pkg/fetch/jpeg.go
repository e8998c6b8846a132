package fetch

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// The JPEG markers that checkJPEG tells apart.
const (
	markerSOF0 = 0xC0 // baseline
	markerSOF1 = 0xC1 // extended sequential
	markerSOF2 = 0xC2 // progressive
	markerDHT  = 0xC4
	markerJPG  = 0xC8
	markerDAC  = 0xCC
	markerRST0 = 0xD0
	markerRST7 = 0xD7
	markerSOI  = 0xD8
	markerEOI  = 0xD9
	markerSOS  = 0xDA
	markerTEM  = 0x01
	markerCOM  = 0xFE
)

// maxScans is more than any encoder makes: a progressive picture has about ten. A few bytes of scan
// cost the decoder the time of a whole picture.
const maxScans = 64

// checkJPEG returns why body is not a whole usable JPEG of side×side px, or nil. It walks the
// markers and decodes nothing: the frame must be Huffman-coded (baseline, extended or progressive),
// 8 bits, grey or three components; a scan must follow (not hundreds: that is a bomb), and the end
// marker after the last one. Bytes after the end marker are ignored, as decoders do: some servers
// pad. The error wraps ErrBody.
func checkJPEG(body []byte, side int) error {
	if len(body) == 0 {
		return fmt.Errorf("%w: it is empty", ErrBody)
	}
	if len(body) < 4 || body[0] != 0xFF || body[1] != markerSOI {
		return fmt.Errorf("%w: it is %s, not JPEG", ErrBody, kindOf(body))
	}
	frame, scans := false, 0
	for rest := body[2:]; ; {
		marker, after, ok := nextMarker(rest)
		if !ok {
			return fmt.Errorf("%w: JPEG cut off after %d bytes", ErrBody, len(body))
		}
		rest = after
		switch {
		case marker == markerEOI:
			if scans == 0 {
				return fmt.Errorf("%w: JPEG without a picture", ErrBody)
			}
			return nil
		case marker == markerSOI:
			return fmt.Errorf("%w: JPEG that begins twice", ErrBody)
		case marker >= markerRST0 && marker <= markerRST7, marker == markerTEM:
			continue // markers without a length
		}
		if len(rest) < 2 {
			return fmt.Errorf("%w: JPEG cut off in a marker", ErrBody)
		}
		length := int(binary.BigEndian.Uint16(rest))
		if length < 2 || length > len(rest) {
			return fmt.Errorf("%w: JPEG cut off in a marker", ErrBody)
		}
		segment := rest[2:length]
		rest = rest[length:]
		switch {
		case marker == markerSOS:
			if !frame {
				return fmt.Errorf("%w: JPEG scan without a frame", ErrBody)
			}
			if scans++; scans > maxScans {
				return fmt.Errorf("%w: JPEG of more than %d scans", ErrBody, maxScans)
			}
			data := rest
			if rest = skipScan(data); len(rest) == len(data) {
				return fmt.Errorf("%w: JPEG with an empty scan", ErrBody)
			}
		case marker >= markerSOF0 && marker <= 0xCF && marker != markerDHT && marker != markerJPG &&
			marker != markerDAC:
			if frame {
				return fmt.Errorf("%w: JPEG with two frames", ErrBody)
			}
			frame = true
			if err := checkFrame(marker, segment, side); err != nil {
				return err
			}
		}
	}
}

// nextMarker finds the marker at the start of b, past fill bytes.
func nextMarker(b []byte) (marker byte, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != 0xFF {
		return 0, nil, false
	}
	for i, c := range b {
		if c != 0xFF {
			return c, b[i+1:], c != 0
		}
	}
	return 0, nil, false
}

// skipScan returns b from the first marker after its entropy-coded data.
func skipScan(b []byte) []byte {
	for {
		i := bytes.IndexByte(b, 0xFF)
		if i < 0 || i+1 >= len(b) {
			return nil
		}
		switch c := b[i+1]; {
		case c == 0, c >= markerRST0 && c <= markerRST7:
			b = b[i+2:]
		case c == 0xFF:
			b = b[i+1:]
		default:
			return b[i:]
		}
	}
}

func checkFrame(marker byte, segment []byte, side int) error {
	if marker > markerSOF2 {
		return fmt.Errorf("%w: unsupported kind of JPEG (lossless, hierarchical or arithmetic, "+
			"SOF%d)", ErrBody, marker-markerSOF0)
	}
	if len(segment) < 6 || len(segment) < 6+3*int(segment[5]) {
		return fmt.Errorf("%w: JPEG frame cut off", ErrBody)
	}
	bits, components := segment[0], segment[5]
	height, width := binary.BigEndian.Uint16(segment[1:]), binary.BigEndian.Uint16(segment[3:])
	if err := checkSize("JPEG", uint32(width), uint32(height), side); err != nil {
		return err
	}
	switch {
	case bits != 8:
		return fmt.Errorf("%w: JPEG with %d bits a sample (want 8)", ErrBody, bits)
	case components == 4:
		return fmt.Errorf("%w: JPEG in CMYK", ErrBody)
	case components != 1 && components != 3:
		return fmt.Errorf("%w: JPEG with %d components", ErrBody, components)
	}
	return nil
}

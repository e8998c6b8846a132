package route

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/paulmach/orb"
)

// parse recognises the format of data and reads its routes.
func parse(data []byte) ([]Route, error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, emptyFile()
	case looksLikeJSON(data):
		return parseGeoJSON(data)
	}
	return nil, &Error{Problem: "the file is in no format that xelpack reads", Remedy: "give a GeoJSON file", Err: ErrUnknownFormat}
}

// parseRegion reads polygons.
func parseRegion(data []byte) (orb.MultiPolygon, error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, emptyFile()
	case looksLikeJSON(data):
		return parseGeoJSONRegion(data)
	}
	return nil, &Error{Problem: "the file is not GeoJSON", Remedy: "give a region as GeoJSON polygons", Err: ErrUnknownFormat}
}

func emptyFile() error {
	return &Error{Problem: "the file is empty", Remedy: "export it again from your flight planner", Err: ErrNoPoints}
}

func looksLikeJSON(data []byte) bool {
	data = bytes.TrimSpace(data)
	return data[0] == '{' || data[0] == '['
}

// plainText drops a byte order mark and turns UTF-16, which Windows editors write, into UTF-8.
func plainText(data []byte) []byte {
	if text, ok := bytes.CutPrefix(data, []byte{0xef, 0xbb, 0xbf}); ok {
		return text
	}
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return data
	}
	text := make([]byte, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		r := rune(order.Uint16(data[i:]))
		if utf16.IsSurrogate(r) && i+3 < len(data) {
			r = utf16.DecodeRune(r, rune(order.Uint16(data[i+2:])))
			i += 2
		}
		text = utf8.AppendRune(text, r)
	}
	return text
}

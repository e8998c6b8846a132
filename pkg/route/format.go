package route

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/paulmach/orb"
)

// known is what the error about a file of no known format lists.
const known = "GeoJSON, X-Plane FMS, GPX, KML, KMZ, Little Navmap LNMPLN, MSFS PLN, Garmin FPL or SimBrief OFP (JSON or XML)"

// parse recognises the format of data and reads its routes, at least one with at least one point each.
func parse(data []byte) ([]Route, error) {
	routes, err := parseAny(data)
	if err != nil {
		return nil, err
	}
	for i := range routes {
		routes[i].Points = merged(routes[i].Points)
		groundEnds(routes[i].Points)
	}
	return routes, nil
}

func parseAny(data []byte) ([]Route, error) {
	switch kindOf(data) {
	case zipFile:
		s, err := parseKMZ(data)
		if err != nil {
			return nil, err
		}
		return s.routes()
	case jsonText:
		return parseJSON(data)
	case xmlFile:
		return parseXML(xmlText(data))
	case fmsText:
		return parseFMS(data)
	case blank:
		return nil, emptyFile()
	}
	return nil, &Error{Problem: "the file is in no format that xelpack reads", Remedy: "give " + known, Err: ErrUnknownFormat}
}

// parseRegion reads polygons.
func parseRegion(data []byte) (orb.MultiPolygon, error) {
	s, err := parseRegionShapes(data)
	if err != nil {
		return nil, err
	}
	return s.region()
}

func parseRegionShapes(data []byte) (*shapes, error) {
	switch kindOf(data) {
	case zipFile:
		return parseKMZ(data)
	case jsonText:
		return parseGeoJSON(data)
	case xmlFile:
		text := xmlText(data)
		if root, err := rootElement(text); err != nil || root == "kml" {
			return parseKML(text)
		}
	case blank:
		return nil, emptyFile()
	}
	return nil, &Error{Problem: "the file is neither GeoJSON nor KML", Remedy: "give a region as polygons in one of these", Err: ErrUnknownFormat}
}

// kind is what a file looks like from outside.
type kind int

const (
	unknown kind = iota
	blank
	zipFile
	jsonText
	xmlFile
	fmsText
)

func kindOf(data []byte) kind {
	text := bytes.TrimSpace(data)
	switch {
	case len(text) == 0:
		return blank
	case bytes.HasPrefix(data, []byte("PK\x03\x04")) || bytes.HasPrefix(data, []byte("PK\x05\x06")):
		return zipFile
	case text[0] == '{':
		return jsonText
	case text[0] == '<':
		return xmlFile
	case looksLikeFMS(text):
		return fmsText
	}
	return unknown
}

// parseJSON tells a SimBrief OFP from GeoJSON, which alone has a "type".
func parseJSON(data []byte) ([]Route, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) == nil && members["type"] == nil && looksLikeOFP(members) {
		return parseOFPJSON(data)
	}
	s, err := parseGeoJSON(data)
	if err != nil {
		return nil, err
	}
	return s.routes()
}

// parseXML goes by the root element.
func parseXML(data []byte) ([]Route, error) {
	root, err := rootElement(data)
	if err != nil {
		return nil, err
	}
	switch root {
	case "gpx":
		return parseGPX(data)
	case "kml":
		s, err := parseKML(data)
		if err != nil {
			return nil, err
		}
		return s.routes()
	case "LittleNavmap":
		return parseLNMPLN(data)
	case "SimBase.Document":
		return parsePLN(data)
	case "flight-plan":
		return parseGarmin(data)
	case "OFP":
		return parseOFPXML(data)
	}
	return nil, &Error{Problem: fmt.Sprintf("the file is XML of a kind that xelpack does not read: its root is <%s>", root),
		Remedy: "give " + known, Err: ErrUnknownFormat}
}

func parseKMZ(data []byte) (*shapes, error) {
	packed, err := unzipKML(data)
	if err != nil {
		return nil, err
	}
	text := xmlText(packed)
	if root, err := rootElement(text); err != nil || root != "kml" {
		return nil, malformed("export it again", "the .kml file in the ZIP archive is not KML")
	}
	return parseKML(text)
}

// groundEnds puts a departure and destination without altitude at 0, if the route has altitudes at all.
func groundEnds(points []Point) {
	for _, p := range points {
		if p.HasAltitude {
			points[0].HasAltitude = true
			points[len(points)-1].HasAltitude = true
			return
		}
	}
}

func emptyFile() error {
	return &Error{Problem: "the file is empty", Remedy: "export it again from your flight planner", Err: ErrNoPoints}
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

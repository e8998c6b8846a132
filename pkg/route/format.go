package route

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/textfile"
)

// known lists the formats, for the error about an unknown one.
const known = "GeoJSON, X-Plane FMS, GPX, KML, KMZ, Little Navmap LNMPLN, MSFS PLN, Garmin FPL " +
	"or SimBrief OFP (JSON or XML)"

// parse recognises the format of data and reads its routes, at least one with at least one point
// each.
func parse(data []byte, n *notes) ([]Route, error) {
	routes, err := parseAny(data, n)
	if err != nil {
		return nil, err
	}
	for i := range routes {
		routes[i].finish(n)
	}
	return routes, nil
}

// finish merges equal neighbours, sets ends without altitude to 0, and notes how missing altitudes
// are filled in. A flight without any altitude is planned as if near the ground.
func (r *Route) finish(n *notes) {
	before := len(r.Points)
	r.Points = merged(r.Points)
	if more := before - len(r.Points); more > 0 {
		n.add("", "%s merged with an equal one before", count(more, "point"))
	}
	groundEnds(r.Points, r.Cruise > 0)
	unknown := 0
	for _, p := range r.Points {
		if !p.HasAltitude {
			unknown++
		}
	}
	switch {
	case unknown == len(r.Points), unknown == 0 && (r.Cruise == 0 || len(r.Points) != 2):
	case r.Cruise > 0:
		n.add("", "waypoints without altitude: the cruising altitude of %.0f ft is used, with "+
			"climb and descent of 1,000 ft in 3 NM", r.Cruise/metresPerFoot)
	default:
		n.add("", "the altitude of %d of %s is missing: it is interpolated between the points "+
			"before and after", unknown, count(len(r.Points), "point"))
	}
}

func parseAny(data []byte, n *notes) ([]Route, error) {
	switch kindOf(data) {
	case zipFile:
		return drawnRoutes(parseKMZ(data, false, n))
	case jsonText:
		return parseJSON(data, n)
	case xmlFile:
		return parseXML(xmlText(data), n)
	case fmsText:
		return parseFMS(data, n)
	case blank:
		return nil, emptyFile()
	}
	return nil, &Error{Problem: "unknown file format", Remedy: "give " + known,
		Err: ErrUnknownFormat}
}

// drawnRoutes returns the routes of the shapes that were read.
func drawnRoutes(s *shapes, err error) ([]Route, error) {
	if err != nil {
		return nil, err
	}
	return s.routes()
}

// parseRegion reads polygons.
func parseRegion(data []byte, n *notes) (orb.MultiPolygon, error) {
	s, err := parseRegionShapes(data, n)
	if err != nil {
		return nil, err
	}
	return s.polygonsOnly()
}

func parseRegionShapes(data []byte, n *notes) (*shapes, error) {
	switch kindOf(data) {
	case zipFile:
		return parseKMZ(data, true, n)
	case jsonText:
		return parseGeoJSON(data, true, n)
	case xmlFile:
		text := xmlText(data)
		if root, err := rootElement(text); err != nil || root == "kml" {
			return parseKML(text, true, n)
		}
	case blank:
		return nil, emptyFile()
	}
	return nil, &Error{Problem: "the file is neither GeoJSON nor KML",
		Remedy: "give a region as polygons in one of these", Err: ErrUnknownFormat}
}

// kind is the outer form of a file.
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
func parseJSON(data []byte, n *notes) ([]Route, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) == nil && members["type"] == nil && looksLikeOFP(members) {
		return parseOFPJSON(data, n)
	}
	if inner := members["OFP"]; len(members) == 1 && inner != nil { // converted from XML
		return parseOFPJSON(inner, n)
	}
	return drawnRoutes(parseGeoJSON(data, false, n))
}

// parseXML chooses the format by the root element.
func parseXML(data []byte, n *notes) ([]Route, error) {
	root, err := rootElement(data)
	if err != nil {
		return nil, err
	}
	switch root {
	case "gpx":
		return parseGPX(data, n)
	case "kml":
		return drawnRoutes(parseKML(data, false, n))
	case "LittleNavmap":
		return parseLNMPLN(data, n)
	case "SimBase.Document":
		return parsePLN(data, n)
	case "flight-plan":
		return parseGarmin(data, n)
	case "OFP":
		return parseOFPXML(data, n)
	}
	return nil, &Error{Problem: fmt.Sprintf("unknown kind of XML: the root element is <%s>", root),
		Remedy: "give " + known, Err: ErrUnknownFormat}
}

// groundEnds sets a departure and destination without altitude to 0, if the route has any
// altitudes.
func groundEnds(points []Point, cruise bool) {
	if cruise || slices.ContainsFunc(points, func(p Point) bool { return p.HasAltitude }) {
		points[0].HasAltitude = true
		points[len(points)-1].HasAltitude = true
	}
}

func emptyFile() error {
	return &Error{Problem: "the file is empty", Remedy: "export it again from your flight planner",
		Err: ErrNoPoints}
}

// plainText returns what is no archive as text.
func plainText(data []byte) []byte {
	if kindOf(data) == zipFile {
		return data
	}
	return textfile.Text(data)
}

package route

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/paulmach/orb"
)

// maxNesting bounds how deep collections may stand in one another. Files of the field have one level.
const maxNesting = 8

// parseGeoJSON reads the shapes of a GeoJSON file.
func parseGeoJSON(data []byte) (*shapes, error) {
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, jsonError(data, err)
	}
	s := new(shapes)
	if err := s.add(raw, "", "", 0); err != nil {
		return nil, err
	}
	return s, nil
}

// object is a GeoJSON object and where it stands in the file.
type object struct {
	place   string
	kind    string                     // its "type"
	members map[string]json.RawMessage // not a struct: encoding/json takes fields in any case, and a foreign "Type" would win over "type"
}

func newObject(raw json.RawMessage, place string) (object, error) {
	o := object{place: place}
	if string(raw) == "null" && place != "" {
		return o, within(place, malformed("a feature without a geometry has no place", "null stands here"))
	}
	if err := json.Unmarshal(raw, &o.members); err != nil || o.members == nil {
		return o, within(place, malformed("", "a JSON object is expected here, not %s", excerpt(raw)))
	}
	if err := json.Unmarshal(o.members["type"], &o.kind); err != nil {
		return o, within(place, malformed("every GeoJSON object has one", `there is no "type"`))
	}
	return o, nil
}

// member returns the value called key and where it stands.
func (o object) member(key string) (json.RawMessage, string, error) {
	place := key
	if o.place != "" {
		place = o.place + "." + key
	}
	value, ok := o.members[key]
	if !ok {
		return nil, "", within(place, malformed("every "+o.kind+" has one", "it is missing"))
	}
	return value, place, nil
}

// add takes over one GeoJSON object. place is where it stands; name is that of the feature it belongs to.
func (s *shapes) add(raw json.RawMessage, place, name string, depth int) error {
	if depth > maxNesting {
		return within(place, malformed("", "collections are nested more than %d deep", maxNesting))
	}
	o, err := newObject(raw, place)
	if err != nil {
		return err
	}
	switch o.kind {
	case "FeatureCollection":
		return s.addAll(o, "features", name, depth)
	case "GeometryCollection":
		return s.addAll(o, "geometries", name, depth)
	case "Feature":
		geometry, place, err := o.member("geometry")
		if err != nil {
			return err
		}
		return s.add(geometry, place, featureName(o.members["properties"]), depth+1)
	case "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon":
		coordinates, inner, err := o.member("coordinates")
		if err != nil {
			return err
		}
		s.note(place, o.kind == "Polygon" || o.kind == "MultiPolygon")
		return within(inner, s.addGeometry(o.kind, name, coordinates))
	}
	return within(place, malformed("a route is a LineString, a region a Polygon", "the type %q is none that GeoJSON has", excerpt(o.kind)))
}

// addAll takes over the objects in the array called key.
func (s *shapes) addAll(o object, key, name string, depth int) error {
	array, place, err := o.member(key)
	if err != nil {
		return err
	}
	all, err := elements(array)
	if err != nil {
		return within(place, err)
	}
	for i, raw := range all {
		if err := s.add(raw, fmt.Sprintf("%s[%d]", place, i), name, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// addGeometry takes over the coordinates of a geometry.
func (s *shapes) addGeometry(kind, name string, coordinates json.RawMessage) error {
	switch kind {
	case "Point":
		p, err := position(coordinates)
		if err == nil {
			err = add(&s.points, p)
		}
		return err
	case "MultiPoint":
		points, err := list(coordinates, position)
		s.points = append(s.points, points...)
		return err
	case "LineString":
		points, err := line(coordinates)
		s.addLines(name, points)
		return err
	case "MultiLineString":
		lines, err := list(coordinates, line)
		s.addLines(name, lines...)
		return err
	case "Polygon":
		p, err := polygon(coordinates)
		s.polygons = append(s.polygons, p)
		return err
	default: // MultiPolygon
		all, err := list(coordinates, polygon)
		s.polygons = append(s.polygons, all...)
		return err
	}
}

func line(raw json.RawMessage) ([]Point, error) {
	points, err := list(raw, position)
	if err == nil && len(points) == 0 {
		err = emptyLine()
	}
	return points, err
}

func polygon(raw json.RawMessage) (orb.Polygon, error) {
	rings, err := list(raw, func(raw json.RawMessage) (orb.Ring, error) {
		points, err := list(raw, position)
		if err != nil {
			return nil, err
		}
		return newRing(points)
	})
	if err == nil && len(rings) == 0 {
		err = emptyPolygon()
	}
	return rings, err
}

// position reads [longitude, latitude] or [longitude, latitude, altitude, …].
func position(raw json.RawMessage) (Point, error) {
	const remedy = "a position is [longitude, latitude] in degrees"
	all, err := elements(raw)
	if err != nil {
		return Point{}, err
	}
	var v [3]float64
	n := 0
	for i, raw := range all {
		if i == len(v) {
			break
		}
		f, err := strconv.ParseFloat(string(raw), 64)
		if err != nil {
			return Point{}, within(fmt.Sprintf("[%d]", i), malformed(remedy, "%s is not a usable number", excerpt(raw)))
		}
		v[i], n = f, i+1
	}
	if n < 2 {
		return Point{}, malformed(remedy, "%d of 2 coordinates are there", n)
	}
	p, err := newPoint(v[0], v[1])
	if err == nil && n == 3 {
		return p.at(v[2])
	}
	return p, err
}

// featureName returns the member "name" of a feature's properties, if it is a string.
func featureName(properties json.RawMessage) string {
	var p map[string]json.RawMessage
	var name string
	if json.Unmarshal(properties, &p) == nil && json.Unmarshal(p["name"], &name) == nil {
		return name
	}
	return ""
}

package route

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/textfile"
)

// maxNesting bounds the nesting of collections. Real files have one level.
const maxNesting = 8

// geoJSON is the state of reading a file.
type geoJSON struct {
	shapes
	place string // of the coordinates being read
	index []int  // within these coordinates
}

// parseGeoJSON reads the shapes of a GeoJSON file: polygons, or else lines and points.
func parseGeoJSON(data []byte, region bool, n *notes) (*shapes, error) {
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, jsonError(data, err)
	}
	g := &geoJSON{shapes: shapes{notes: n, region: region}}
	if err := g.addObject(raw, "", "", 0); err != nil {
		return nil, err
	}
	return &g.shapes, nil
}

// object is a GeoJSON object and its place in the file.
type object struct {
	place string
	kind  string // its "type"
	// not a struct: encoding/json ignores case, so a foreign "Type" would win over "type"
	members map[string]json.RawMessage
}

func newObject(raw json.RawMessage, place string) (object, error) {
	o := object{place: place}
	var twice string
	if o.members, twice = textfile.Members(raw); o.members == nil {
		return o, within(place, malformed("", "a JSON object is expected here, not %s",
			excerpt(raw)))
	}
	if twice != "" && twice != "properties" {
		return o, within(place, malformed("", "there are two members %q", excerpt(twice)))
	}
	if err := json.Unmarshal(o.members["type"], &o.kind); err != nil {
		problem := `there is no "type"`
		for _, name := range []string{"error", "message", "status"} { // a server's words
			var words string
			if json.Unmarshal(o.members[name], &words) == nil {
				problem += fmt.Sprintf("; its %s is %q", name, cut(words, 300))
			}
		}
		return o, within(place, malformed("every GeoJSON object has one", "%s", problem))
	}
	return o, within(place, o.checkCRS())
}

// checkCRS refuses coordinates in metres of a projection, which older GeoJSON allowed: near the
// projection's origin they look like degrees.
func (o object) checkCRS() error {
	var crs struct {
		Properties struct {
			Name, Href string
			Code       json.Number
		}
	}
	of := &crs.Properties
	if json.Unmarshal(o.members["crs"], &crs) != nil || of.Name+of.Href+string(of.Code) == "" {
		return nil
	}
	said := cmp.Or(of.Name, of.Href, "EPSG:"+string(of.Code))
	name := strings.ToUpper(said)
	inDegrees := func(s string) bool { return strings.HasSuffix(name, s) }
	if slices.ContainsFunc([]string{"CRS84", "CRS83", ":4326", ":4979", ":4258", ":4269", "WGS84",
		"WGS 84"}, inDegrees) {
		return nil
	}
	return within("crs", malformed("export it in longitude and latitude, WGS 84",
		"the coordinates are in %s", excerpt(said)))
}

// member returns the value of key and its place; nil if it is absent or null.
func (o object) member(key string) (json.RawMessage, string) {
	place := key
	if o.place != "" {
		place = o.place + "." + key
	}
	if value := o.members[key]; string(value) != "null" {
		return value, place
	}
	return nil, place
}

// addObject handles one GeoJSON object at place; name is that of the feature it belongs to.
func (g *geoJSON) addObject(raw json.RawMessage, place, name string, depth int) error {
	if depth > maxNesting {
		return within(place, malformed("", "collections are nested more than %d deep", maxNesting))
	}
	if text := string(raw); place != "" &&
		(text == "null" || strings.Trim(text, "{} \t\r\n") == "") {
		g.add(place, "%s is left out", excerpt(raw))
		return nil
	}
	o, err := newObject(raw, place)
	if err != nil {
		return err
	}
	switch o.kind {
	case "FeatureCollection":
		return g.addAll(o, "features", name, depth)
	case "GeometryCollection":
		return g.addAll(o, "geometries", name, depth)
	case "Feature":
		geometry, inner := o.member("geometry")
		if geometry == nil {
			g.add(inner, "a feature without a geometry is left out")
			return nil
		}
		return g.addObject(geometry, inner, featureName(o.members["properties"]), depth+1)
	case "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon":
		if !g.wants(place, strings.HasSuffix(o.kind, "Polygon")) {
			return nil
		}
		coordinates, inner := o.member("coordinates")
		if coordinates == nil {
			g.add(inner, "a %s without coordinates is left out", o.kind)
			return nil
		}
		g.place, g.index = inner, nil
		return g.addGeometry(o.kind, name, coordinates)
	}
	if place != "" {
		g.add(place, "an object of unknown type %s is left out", excerpt(o.kind))
		return nil
	}
	return malformed("a route is a LineString, a region a Polygon", "unknown GeoJSON type %q",
		excerpt(o.kind))
}

// addAll handles the objects in the array called key.
func (g *geoJSON) addAll(o object, key, name string, depth int) error {
	array, place := o.member(key)
	all, err := elements(array)
	if err != nil {
		return within(place, err)
	}
	for i, raw := range all {
		if err := g.addObject(raw, fmt.Sprintf("%s[%d]", place, i), name, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// addGeometry handles the coordinates of a geometry.
func (g *geoJSON) addGeometry(kind, name string, coordinates json.RawMessage) error {
	pin := func(raw json.RawMessage) error {
		p, ok, err := g.position(raw)
		if !ok && err == nil {
			return nil
		}
		return g.addPin(p, g.where, err)
	}
	route := func(raw json.RawMessage) error {
		l, err := g.line(raw)
		if err != nil {
			return err
		}
		return g.addLine(name, l, g.where())
	}
	switch kind {
	case "Point":
		return pin(coordinates)
	case "MultiPoint":
		return g.each(coordinates, pin)
	case "LineString":
		return route(coordinates)
	case "MultiLineString":
		return g.each(coordinates, route)
	case "Polygon":
		return g.polygon(coordinates)
	default: // MultiPolygon
		return g.each(coordinates, g.polygon)
	}
}

// each calls read for each element of an array, and keeps track of its place for errors.
func (g *geoJSON) each(array json.RawMessage, read func(json.RawMessage) error) error {
	all, err := elements(array)
	if err != nil {
		return within(g.where(), err)
	}
	depth := len(g.index)
	for i, raw := range all {
		g.index = append(g.index[:depth], i)
		if err := read(raw); err != nil {
			return err
		}
	}
	g.index = g.index[:depth]
	return nil
}

// where returns the place being read.
func (g *geoJSON) where() string {
	place := g.place
	for _, i := range g.index {
		place += fmt.Sprintf("[%d]", i)
	}
	return place
}

func (g *geoJSON) line(raw json.RawMessage) (l line, err error) {
	err = g.each(raw, func(raw json.RawMessage) error {
		p, ok, err := g.position(raw)
		if err != nil || !ok {
			return err
		}
		return l.add(p, g.where)
	})
	return l, err
}

func (g *geoJSON) polygon(raw json.RawMessage) error {
	var rings orb.Polygon
	err := g.each(raw, func(raw json.RawMessage) error {
		l, err := g.line(raw)
		if err != nil {
			return err
		}
		r, err := g.ring(l, g.where())
		rings = append(rings, r)
		return err
	})
	if err == nil {
		g.addPolygon(rings, g.where())
	}
	return err
}

// position reads [longitude, latitude] or [longitude, latitude, altitude, …]. ok is false for an
// empty position, which is noted.
func (g *geoJSON) position(raw json.RawMessage) (p Point, ok bool, err error) {
	const remedy = "a position is [longitude, latitude] in degrees"
	defer func() {
		if err != nil {
			err = within(g.where(), err)
		}
	}()
	if string(raw) == "null" {
		raw = json.RawMessage("[]")
	}
	all, err := elements(raw)
	if err != nil {
		return p, false, err
	}
	var v [3]string
	n := 0
	for i, raw := range all {
		if i == len(v) {
			g.add(g.where(), "values after longitude, latitude and altitude are left out")
			break
		}
		v[i], n = string(raw), i+1
	}
	if n == 0 || n > 1 && v[0] == "null" && v[1] == "null" {
		g.add(g.where(), "an empty position is left out")
		return p, false, nil
	}
	if n < 2 {
		return p, false, malformed(remedy, "the position has %d of 2 coordinates", n)
	}
	var xy [2]float64
	for i := range xy {
		// Some writers put numbers in quotes.
		if xy[i], err = strconv.ParseFloat(strings.Trim(v[i], `"`), 64); err != nil {
			return p, false, within(fmt.Sprintf("[%d]", i),
				malformed(remedy, "%s is not a usable number", excerpt(v[i])))
		}
	}
	if p, err = newPoint(xy[0], xy[1]); err != nil {
		return p, false, err
	}
	if v[2] != "null" {
		g.metres(&p, strings.Trim(v[2], `"`), g.where)
	}
	return p, true, nil
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

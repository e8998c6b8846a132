package route

import (
	"fmt"
	"strings"

	"github.com/paulmach/orb"
)

// parseKML reads the shapes of a KML file: polygons, or else lines and points. Altitudes are taken
// as above sea level, whatever altitudeMode says; recorded tracks (gx:Track) are simplified.
func parseKML(data []byte, region bool, n *notes) (*shapes, error) {
	k := &kml{shapes: shapes{notes: n, region: region}}
	if err := walkXML(data, k.start, k.end); err != nil {
		return nil, err
	}
	return &k.shapes, nil
}

// kml is the state of reading a file.
type kml struct {
	shapes
	unnamed int         // index of the current placemark's first line
	name    string      // of the current placemark
	track   line        // of the current gx:Track
	polygon orb.Polygon // the current one, its outer ring first
	outer   bool        // it has an outer ring
}

func (k *kml) start(e *element) error {
	switch e.name() {
	case "Placemark":
		k.unnamed, k.name = len(k.lines), ""
	case "Track":
		k.track = line{}
	case "Polygon":
		k.polygon, k.outer = nil, false
	}
	return nil
}

func (k *kml) end(e *element) error {
	place := fmt.Sprintf("line %d", e.line)
	switch {
	case e.endsIn("Placemark/name"):
		k.name = e.value()
	case e.name() == "Placemark":
		// The name may come after the geometry.
		for i := k.unnamed; i < len(k.lines); i++ {
			k.lines[i].Name = k.name
		}
	case e.endsIn("NetworkLink/Link/href"), e.endsIn("NetworkLink/Url/href"):
		k.add(place, "a linked file is left out: %s", excerpt(e.value()))
	case e.name() == "altitudeMode" && e.value() == "relativeToGround":
		k.add(place, "altitudes above ground (relativeToGround) are taken as altitudes above sea "+
			"level")
	case e.endsIn("Point/coordinates"):
		if k.wants(place, false) {
			return k.point(e)
		}
	case e.endsIn("Polygon/outerBoundaryIs/LinearRing/coordinates"),
		e.endsIn("Polygon/innerBoundaryIs/LinearRing/coordinates"):
		if k.region {
			return k.addRing(e)
		}
	case e.name() == "Polygon":
		if !k.wants(place, true) {
			return nil
		}
		if !k.outer {
			k.polygon = nil // holes without an outer ring enclose nothing
		}
		k.addPolygon(k.polygon, e.place())
	case e.endsIn("LineString/coordinates"), e.endsIn("LinearRing/coordinates"):
		if !k.wants(place, false) {
			return nil
		}
		l, err := k.line(e)
		if err != nil {
			return err
		}
		return k.addLine("", l, e.place())
	case e.endsIn("Track/coord"):
		if !k.region {
			return k.coord(e)
		}
	case e.name() == "Track":
		if k.wants(place, false) {
			return k.addTrack(e)
		}
	}
	return nil
}

// point handles a <Point>, which has one place.
func (k *kml) point(e *element) error {
	l, err := k.line(e)
	switch {
	case err == nil && len(l.points) > 1:
		err = within(e.place(), malformed("a point has one place", "this one has %d places",
			len(l.points)))
	case err == nil && len(l.points) == 0:
		k.add(e.place(), "a point without coordinates is left out")
		return nil
	case err == nil:
		return k.addPin(l.points[0], e.place, nil)
	}
	return k.addPin(Point{}, nil, err)
}

// coord handles a point of a recorded track. An empty one means that the recorder had no position.
func (k *kml) coord(e *element) error {
	parts := strings.FieldsFunc(e.value(),
		func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' })
	if len(parts) == 0 {
		k.add(e.place(), "an empty point of a track is left out")
		return nil
	}
	if len(parts) < 2 || len(parts) > 3 {
		return malformed("a point is longitude, latitude and altitude", "%q has %d parts",
			excerpt(e.value()), len(parts))
	}
	p, err := k.tuple(parts, e.place)
	if err == errUnplaced {
		k.add(e.place(), "an empty point of a track is left out")
		return nil
	}
	if err != nil {
		return err
	}
	return k.track.add(p, e.place)
}

// addTrack adds the current track.
func (k *kml) addTrack(e *element) error {
	if err := k.track.settle(k.notes); err != nil {
		return err
	}
	recorded := len(k.track.points)
	k.track.points = simplify(k.track.points)
	noteSimplified(k.notes, e.place(), recorded, len(k.track.points))
	return k.addLine("", k.track, e.place())
}

func (k *kml) addRing(e *element) error {
	l, err := k.line(e)
	if err != nil {
		return err
	}
	ring, err := k.ring(l, e.place())
	if err != nil {
		return err
	}
	inner := e.endsIn("innerBoundaryIs/LinearRing/coordinates")
	switch {
	case !inner && k.outer:
		return malformed("a polygon has one", "a polygon has a second outer ring")
	case inner && ring == nil:
	case inner:
		k.polygon = append(k.polygon, ring)
	default:
		k.outer = true
		k.polygon = append(orb.Polygon{ring}, k.polygon...)
	}
	return nil
}

// endsIn reports whether the path ends in the given names.
func (e *element) endsIn(tail string) bool {
	head, ok := strings.CutSuffix(e.path, tail)
	return ok && (head == "" || head[len(head)-1] == '/')
}

// line reads the text of a <coordinates> element.
func (k *kml) line(e *element) (l line, err error) {
	all, err := tuples(string(e.text))
	if err != nil {
		return l, within(e.place(), err)
	}
	if !all.plain {
		k.add(e.place(), "the coordinates are not in KML's form (longitude,latitude,altitude and "+
			"then a blank); they are read as %s", count(len(all.list), "point"))
	}
	for i, parts := range all.list {
		place := func() string { return fmt.Sprintf("%s.point %d", e.place(), i+1) }
		p, err := k.tuple(parts, place)
		if err == errUnplaced {
			k.add(place(), "a point without coordinates is left out")
			continue
		}
		if err == nil {
			err = l.add(p, place)
		}
		if err != nil {
			return l, within(place(), err)
		}
	}
	return l, nil
}

// tuple reads longitude, latitude and, if present, the altitude in metres.
func (k *kml) tuple(parts []string, place func() string) (Point, error) {
	p, err := degrees("the longitude", parts[0], "the latitude", parts[1])
	if err == nil && len(parts) > 2 {
		k.metres(&p, parts[2], place)
	}
	return p, err
}

package route

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/paulmach/orb"
)

// parseKML reads the shapes of a KML file. Altitudes count whatever altitudeMode says; recorded tracks (gx:Track) are simplified.
func parseKML(data []byte) (*shapes, error) {
	k := &kml{}
	if err := walkXML(data, k.start, k.end); err != nil {
		return nil, err
	}
	return &k.shapes, nil
}

// kml is what is known of the file that is being read.
type kml struct {
	shapes
	unnamed int         // the first line of the current placemark
	name    string      // of the current placemark
	track   []Point     // of the current gx:Track
	polygon orb.Polygon // the current one, its outer ring first
}

func (k *kml) start(e *element) error {
	switch e.name() {
	case "Placemark":
		k.unnamed, k.name = len(k.lines), ""
	case "Track":
		k.track = nil
	case "Polygon":
		k.polygon = nil
	}
	return nil
}

func (k *kml) end(e *element) error {
	place := fmt.Sprintf("line %d", e.line)
	switch {
	case e.endsIn("Placemark/name"):
		k.name = e.value()
	case e.name() == "Placemark":
		// The name may stand after the geometry.
		for i := k.unnamed; i < len(k.lines); i++ {
			k.lines[i].Name = k.name
		}
	case e.endsIn("Point/coordinates"):
		points, err := tuples(e.value())
		if err != nil || len(points) == 0 {
			return err
		}
		k.note(place, false)
		return add(&k.points, points[0])
	case e.endsIn("Polygon/outerBoundaryIs/LinearRing/coordinates"), e.endsIn("Polygon/innerBoundaryIs/LinearRing/coordinates"):
		return k.addRing(e)
	case e.name() == "Polygon":
		if len(k.polygon) == 0 {
			return emptyPolygon()
		}
		k.note(place, true)
		k.polygons = append(k.polygons, k.polygon)
	case e.endsIn("LineString/coordinates"), e.endsIn("LinearRing/coordinates"):
		points, err := tuples(e.value())
		if err == nil && len(points) == 0 {
			return emptyLine()
		}
		k.note(place, false)
		k.addLines("", points)
		return err
	case e.endsIn("Track/coord"):
		p, err := tuple(strings.Fields(e.value()))
		if err != nil {
			return err
		}
		return add(&k.track, p)
	case e.name() == "Track" && len(k.track) > 0:
		k.note(place, false)
		k.addLines("", simplify(k.track))
	}
	return nil
}

func (k *kml) addRing(e *element) error {
	points, err := tuples(e.value())
	if err != nil {
		return err
	}
	ring, err := newRing(points)
	if err != nil {
		return err
	}
	k.polygon = append(k.polygon, ring)
	if e.endsIn("outerBoundaryIs/LinearRing/coordinates") {
		last := len(k.polygon) - 1
		k.polygon[0], k.polygon[last] = k.polygon[last], k.polygon[0]
	}
	return nil
}

// endsIn reports whether the path ends in these names.
func (e *element) endsIn(tail string) bool {
	head, ok := strings.CutSuffix(e.path, tail)
	return ok && (head == "" || head[len(head)-1] == '/')
}

// tuples reads "lon,lat,alt lon,lat,alt …".
func tuples(s string) ([]Point, error) {
	var points []Point
	for field := range strings.FieldsSeq(s) {
		p, err := tuple(strings.Split(field, ","))
		if err == nil {
			err = add(&points, p)
		}
		if err != nil {
			return nil, within(fmt.Sprintf("point %d", len(points)+1), err)
		}
	}
	return points, nil
}

// tuple reads longitude, latitude and, if it is there, the altitude in metres.
func tuple(parts []string) (Point, error) {
	if len(parts) < 2 {
		return Point{}, malformed("KML writes longitude,latitude,altitude without blanks", "%d of 2 coordinates are there", len(parts))
	}
	p, err := degrees("the longitude", parts[0], "the latitude", parts[1])
	if err == nil && len(parts) > 2 {
		return p.metres(parts[2])
	}
	return p, err
}

// Bounds of what is unpacked from a KMZ.
const (
	maxZipEntries = 10_000
	zipEntryMark  = "PK\x01\x02" // starts an entry of the directory at the end of a ZIP file
)

// unzipKML returns the main KML file of a KMZ: doc.kml, or else the first one.
func unzipKML(data []byte) ([]byte, error) {
	// Counted first, because zip.NewReader makes an object of every entry.
	if bytes.Count(data, []byte(zipEntryMark)) > maxZipEntries {
		return nil, &Error{Problem: fmt.Sprintf("the KMZ has more than %d entries", maxZipEntries), Remedy: "a KMZ route has one", Err: ErrTooLarge}
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, malformed("the file may be cut short; export it again", "the KMZ cannot be unpacked: %v", err)
	}
	var found *zip.File
	for _, f := range z.File {
		if !strings.EqualFold(path.Ext(f.Name), ".kml") {
			continue
		}
		if found == nil || strings.EqualFold(f.Name, "doc.kml") {
			found = f
		}
	}
	if found == nil {
		return nil, malformed("give a KMZ that Google Earth or a flight planner has saved", "there is no .kml file in the ZIP archive")
	}
	r, err := found.Open()
	if err != nil {
		return nil, within(excerpt(found.Name), malformed("", "it cannot be unpacked: %v", err))
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, MaxFileBytes+1))
	switch {
	case len(text) > MaxFileBytes:
		return nil, within(excerpt(found.Name), &Error{Problem: fmt.Sprintf("unpacked, it is larger than %d MiB", MaxFileBytes>>20), Err: ErrTooLarge})
	case err != nil:
		return nil, within(excerpt(found.Name), malformed("the file is damaged; export it again", "it cannot be unpacked: %v", err))
	}
	return plainText(text), nil
}

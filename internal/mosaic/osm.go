package mosaic

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/paulmach/orb"
)

// maxOSM bounds the unpacked size of an outline.
const maxOSM = 256 << 20

// degreesOf returns the longitude or latitude of a Web Mercator coordinate in metres.
func degreesOf(metres float64, north bool) float64 {
	const radius = 6378137
	if north {
		return math.Atan(math.Sinh(metres/radius)) * 180 / math.Pi
	}
	return metres / radius * 180 / math.Pi
}

type osmWay struct {
	ID    int64 `xml:"id,attr"`
	Nodes []struct {
		Ref int64 `xml:"ref,attr"`
	} `xml:"nd"`
}

// readOSM reads the multipolygons of OpenStreetMap's XML, or its closed ways if there are none.
// Only rings matter: a pixel inside an odd number of them is inside.
func readOSM(r io.Reader) (orb.MultiPolygon, error) {
	nodes, ways := map[int64]orb.Point{}, map[int64][]orb.Point{}
	var order, members []int64
	d := xml.NewDecoder(r)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("invalid OpenStreetMap XML: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "node":
			var n struct {
				ID  int64   `xml:"id,attr"`
				Lat float64 `xml:"lat,attr"`
				Lon float64 `xml:"lon,attr"`
			}
			err = d.DecodeElement(&n, &start)
			nodes[n.ID] = orb.Point{n.Lon, n.Lat}
		case "way":
			var w osmWay
			err = d.DecodeElement(&w, &start)
			var line []orb.Point
			for _, n := range w.Nodes {
				at, known := nodes[n.Ref]
				if !known {
					return nil, fmt.Errorf("way %d: node %d is not in the file before it", w.ID,
						n.Ref)
				}
				line = append(line, at)
			}
			ways[w.ID] = line
			order = append(order, w.ID)
		case "relation":
			var rel struct {
				Members []struct {
					Type string `xml:"type,attr"`
					Ref  int64  `xml:"ref,attr"`
				} `xml:"member"`
			}
			err = d.DecodeElement(&rel, &start)
			for _, m := range rel.Members {
				if m.Type == "way" && ways[m.Ref] != nil {
					members = append(members, m.Ref)
				}
			}
		}
		if err != nil {
			return nil, fmt.Errorf("invalid OpenStreetMap XML: %w", err)
		}
	}
	if len(members) == 0 {
		members = order
	}
	var polygon orb.Polygon
	for len(members) > 0 {
		var ring orb.Ring
		if ring, members = joined(members, ways); ring == nil {
			return nil, errors.New("its ways do not form closed rings")
		}
		polygon = append(polygon, ring)
	}
	if polygon == nil {
		return nil, errors.New("it has no rings")
	}
	return orb.MultiPolygon{polygon}, nil
}

// joined returns the ring that begins with the first of members, and the remaining members; nil if
// it does not close.
func joined(members []int64, ways map[int64][]orb.Point) (orb.Ring, []int64) {
	ring := orb.Ring(append([]orb.Point{}, ways[members[0]]...))
	members = append([]int64{}, members[1:]...)
	for len(ring) > 0 && ring[0] != ring[len(ring)-1] {
		end, found := ring[len(ring)-1], false
		for i, id := range members {
			way := append([]orb.Point{}, ways[id]...)
			if len(way) > 0 && way[len(way)-1] == end {
				for a, b := 0, len(way)-1; a < b; a, b = a+1, b-1 {
					way[a], way[b] = way[b], way[a]
				}
			}
			if len(way) > 0 && way[0] == end {
				ring, found = append(ring, way[1:]...), true
				members = append(members[:i], members[i+1:]...)
				break
			}
		}
		if !found {
			return nil, nil
		}
	}
	return ring, members
}

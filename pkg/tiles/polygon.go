package tiles

import (
	"math"

	"github.com/paulmach/orb"
)

// Polygons returns the area of mp, with edges straight in longitude and latitude as in GeoJSON (RFC
// 7946 §3.1.1), without its holes. Polygons may overlap. A ring whose consecutive longitudes differ
// by more than 180° is taken to cross the antimeridian there.
func Polygons(mp orb.MultiPolygon) Region {
	r := &polygonRegion{bands: make(map[int][]edge), west: math.Inf(1), east: math.Inf(-1),
		polygons: unwrap(mp)}
	for i, polygon := range r.polygons {
		for _, ring := range polygon {
			r.addRing(i, ring)
		}
	}
	return r
}

// unwrap makes longitudes continue beyond ±180 where a ring crosses the antimeridian, and shifts
// holes to the same turn as their outline. It closes rings and drops those of fewer than three
// points.
func unwrap(mp orb.MultiPolygon) orb.MultiPolygon {
	var unwrapped orb.MultiPolygon
	for _, polygon := range mp {
		var rings orb.Polygon
		for _, ring := range polygon {
			if len(ring) < 3 {
				continue
			}
			lon := ring[0].Lon()
			if len(rings) > 0 {
				outline := rings[0].Bound()
				for lon < outline.Min.Lon() && lon+360 <= outline.Max.Lon() {
					lon += 360
				}
				for lon > outline.Max.Lon() && lon-360 >= outline.Min.Lon() {
					lon -= 360
				}
			}
			rings = append(rings, unwrapRing(ring, lon))
		}
		unwrapped = append(unwrapped, rings)
	}
	return unwrapped
}

func unwrapRing(ring orb.Ring, lon float64) orb.Ring {
	running := make(orb.Ring, 0, len(ring)+1)
	for i, p := range ring {
		if i > 0 {
			lon += step(p.Lon() - ring[i-1].Lon())
		}
		running = append(running, orb.Point{lon, p.Lat()})
	}
	if !running.Closed() {
		running = append(running, running[0])
	}
	return running
}

// polygonRegion keeps its edges in bands of latitude, so that a small square checks only a few of
// the 100,000 edges of a country's outline.
type polygonRegion struct {
	polygons orb.MultiPolygon // unwrapped: longitudes may be beyond ±180
	bands    map[int][]edge
	west     float64 // of all edges
	east     float64
}

// bandsPerDegree balances copies of long edges against the number of edges that a small square
// checks.
const bandsPerDegree = 16

type edge struct {
	a, b    orb.Point
	polygon int
}

func band(lat float64) int { return int(math.Floor(lat * bandsPerDegree)) }

func (r *polygonRegion) addRing(polygon int, ring orb.Ring) {
	for i := range len(ring) - 1 {
		e := edge{ring[i], ring[i+1], polygon}
		for n := band(min(e.a.Lat(), e.b.Lat())); n <= band(max(e.a.Lat(), e.b.Lat())); n++ {
			r.bands[n] = append(r.bands[n], e)
		}
		r.west, r.east = min(r.west, e.a.Lon()), max(r.east, e.a.Lon())
	}
}

// step returns the shorter of the two ways round the world, so that a ring across the antimeridian
// stays in one piece. A whole turn stays one: the outline of a band round the world is written like
// that.
func step(lon float64) float64 {
	if math.Abs(lon) == 360 {
		return lon
	}
	return math.Remainder(lon, 360)
}

// Meets implements Region: the outline passes through the inside of b, or all of b is on one side
// of it and that side is the inside.
func (r *polygonRegion) Meets(b Box) bool {
	for shift := -360.0; shift <= 360; shift += 360 {
		moved := Box{b.West + shift, b.South, b.East + shift, b.North}
		if moved.West < r.east && r.west < moved.East &&
			(r.crosses(moved) || r.contains(moved.Center())) {
			return true
		}
	}
	return false
}

func (r *polygonRegion) crosses(b Box) bool {
	for n := band(b.South); n <= band(b.North); n++ {
		for _, e := range r.bands[n] {
			if e.enters(b) {
				return true
			}
		}
	}
	return false
}

// contains counts the edges east of p: odd means inside, which excludes holes. Polygons may
// overlap, so each counts for itself; in a band the edges of one are consecutive.
func (r *polygonRegion) contains(p orb.Point) bool {
	inside, polygon := false, 0
	for _, e := range r.bands[band(p.Lat())] {
		if e.polygon != polygon {
			if inside {
				return true
			}
			polygon = e.polygon
		}
		if (e.a.Lat() > p.Lat()) != (e.b.Lat() > p.Lat()) &&
			p.Lon() < e.a.Lon()+(p.Lat()-e.a.Lat())/(e.b.Lat()-e.a.Lat())*(e.b.Lon()-e.a.Lon()) {
			inside = !inside
		}
	}
	return inside
}

// enters reports whether a part of e lies in the inside of b (Liang and Barsky's clipping).
func (e edge) enters(b Box) bool {
	from, to := 0.0, 1.0
	clip := func(start, delta, low, high float64) bool {
		if delta == 0 {
			return low < start && start < high
		}
		t0, t1 := (low-start)/delta, (high-start)/delta
		from, to = max(from, min(t0, t1)), min(to, max(t0, t1))
		return true
	}
	return clip(e.a.Lon(), e.b.Lon()-e.a.Lon(), b.West, b.East) &&
		clip(e.a.Lat(), e.b.Lat()-e.a.Lat(), b.South, b.North) && from < to
}

package tiles

import (
	"math"

	"github.com/paulmach/orb"
)

// EarthRadius is the mean radius of the Earth in metres (IUGG). Every distance of this package is
// on that sphere.
const EarthRadius = 6371008.8

// vec is a point of the unit sphere: x through (0°, 0°), y through (90° E, 0°), z through the north
// pole.
type vec struct{ x, y, z float64 }

func toVec(p orb.Point) vec {
	sinLon, cosLon := math.Sincos(radians(p.Lon()))
	sinLat, cosLat := math.Sincos(radians(p.Lat()))
	return vec{cosLat * cosLon, cosLat * sinLon, sinLat}
}

func (v vec) point() orb.Point {
	return orb.Point{degrees(math.Atan2(v.y, v.x)), degrees(math.Atan2(v.z, math.Hypot(v.x, v.y)))}
}

func (v vec) dot(w vec) float64 { return v.x*w.x + v.y*w.y + v.z*w.z }
func (v vec) cross(w vec) vec {
	return vec{v.y*w.z - v.z*w.y, v.z*w.x - v.x*w.z, v.x*w.y - v.y*w.x}
}
func (v vec) scale(f float64) vec { return vec{v.x * f, v.y * f, v.z * f} }
func (v vec) add(w vec) vec       { return vec{v.x + w.x, v.y + w.y, v.z + w.z} }
func (v vec) norm() float64       { return math.Sqrt(v.dot(v)) }

// angle returns the arc from v to w in radians, accurate for small and large arcs.
func (v vec) angle(w vec) float64 { return math.Atan2(v.cross(w).norm(), v.dot(w)) }

// arc is the shorter great circle from a to b: at angle t from a it is at a·cos t + side·sin t.
type arc struct {
	a, b   vec
	normal vec     // unit; zero for an arc of one point
	side   vec     // unit, 90° ahead of a
	length float64 // radians
}

func newArc(a, b vec) arc {
	r := arc{a: a, b: b, length: a.angle(b)}
	if r.length < 1e-12 {
		r.length = 0
		return r
	}
	n := a.cross(b)
	if n.norm() < 1e-12 { // antipodes: take the way over the north pole, or any from a pole
		if n = a.cross(vec{0, 0, 1}); n.norm() < 1e-12 {
			n = vec{0, 1, 0}
		}
	}
	r.normal = n.scale(1 / n.norm())
	r.side = r.normal.cross(a)
	return r
}

// at returns the point of the arc at angle t from its start.
func (r arc) at(t float64) vec {
	sin, cos := math.Sincos(t)
	return r.a.scale(cos).add(r.side.scale(sin))
}

// position returns the angle from the start of the arc to the point of its great circle nearest to
// p, and whether that lies on the arc.
func (r arc) position(p vec) (t float64, on bool) {
	if r.length == 0 {
		return 0, false
	}
	t = math.Atan2(p.dot(r.side), p.dot(r.a))
	return t, t >= 0 && t <= r.length
}

// nearest returns the distance from p to the arc and how far along the arc its nearest point is, in
// radians.
func (r arc) nearest(p vec) (distance, along float64) {
	if t, on := r.position(p); on {
		height := p.dot(r.normal)
		return math.Atan2(math.Abs(height), math.Sqrt(max(0, 1-height*height))), t
	}
	if da, db := p.angle(r.a), p.angle(r.b); db < da {
		return db, r.length
	} else {
		return da, 0
	}
}

// extremes returns the angles at which the arc's great circle is farthest north and south, where
// those lie on the arc.
func (r arc) extremes() []float64 {
	if r.length == 0 {
		return nil
	}
	var found []float64
	north := math.Atan2(r.side.z, r.a.z)
	for _, t := range [...]float64{north, north + math.Pi, north - math.Pi} {
		if t > 0 && t < r.length {
			found = append(found, t)
		}
	}
	return found
}

// atLatitude returns the angles at which the arc is at latitude lat, where z(t) = a.z·cos t +
// side.z·sin t is its sine.
func (r arc) atLatitude(lat float64) []float64 {
	amplitude, phase := math.Hypot(r.a.z, r.side.z), math.Atan2(r.side.z, r.a.z)
	cos := math.Sin(radians(lat)) / amplitude
	if r.length == 0 || !(math.Abs(cos) <= 1) {
		return nil
	}
	var found []float64
	for _, t := range [...]float64{phase + math.Acos(cos), phase - math.Acos(cos)} {
		if t = math.Remainder(t, 2*math.Pi); t >= 0 && t <= r.length {
			found = append(found, t)
		}
	}
	return found
}

// sphereBox is a Box prepared for spherical distances. Its meridian edges are great circles, its
// parallels are not.
type sphereBox struct {
	Box
	west, east arc
}

func newSphereBox(b Box) sphereBox {
	edge := func(lon float64) arc {
		return newArc(toVec(orb.Point{lon, b.South}), toVec(orb.Point{lon, b.North}))
	}
	return sphereBox{b, edge(b.West), edge(b.East)}
}

func (b sphereBox) corners() [4]vec { return [4]vec{b.west.a, b.west.b, b.east.a, b.east.b} }

// spans reports whether the meridian of lon runs through the box.
func (b sphereBox) spans(lon float64) bool { return lon >= b.West && lon <= b.East }

// distance returns the radians from p to the box, 0 inside. Within the box's longitudes the nearest
// point is due north or south; beside the box it is on a meridian edge.
func (b sphereBox) distance(v vec) float64 {
	p := v.point()
	if b.spans(p.Lon()) {
		return radians(max(0, b.South-p.Lat(), p.Lat()-b.North))
	}
	dw, _ := b.west.nearest(v)
	de, _ := b.east.nearest(v)
	return min(dw, de)
}

// arcDistance returns the exact distance between r and the box in radians, and the position of the
// nearest point along r. The distance is least at an end of r, at a corner of the box, or where r
// runs due east-west (there it is nearest to a parallel); or the two meet.
func (b sphereBox) arcDistance(r arc) (distance, along float64) {
	distance = b.distance(r.a)
	closer := func(d, t float64) {
		if d < distance {
			distance, along = d, t
		}
	}
	closer(b.distance(r.b), r.length)
	for _, t := range r.extremes() {
		closer(b.distance(r.at(t)), t)
	}
	for _, c := range b.corners() {
		closer(r.nearest(c))
	}
	if distance > 0 {
		if t, meets := b.meeting(r); meets {
			return 0, t
		}
	}
	return distance, along
}

// meeting returns where r crosses an edge of the box.
func (b sphereBox) meeting(r arc) (t float64, meets bool) {
	if r.length == 0 {
		return 0, false
	}
	for _, side := range [...]arc{b.west, b.east} {
		line := r.normal.cross(side.normal)
		if line.norm() < 1e-9 { // same great circle: ends and corners decide
			continue
		}
		for _, p := range [...]vec{line, line.scale(-1)} {
			if _, on := side.position(p); !on {
				continue
			}
			if t, on := r.position(p); on {
				return t, true
			}
		}
	}
	for _, lat := range [...]float64{b.South, b.North} {
		for _, t := range r.atLatitude(lat) {
			if b.spans(r.at(t).point().Lon()) {
				return t, true
			}
		}
	}
	return 0, false
}

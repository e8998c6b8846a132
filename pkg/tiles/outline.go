package tiles

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Outline returns polygons whose union is r, for drawing. They may overlap; outlines run
// counter-clockwise and holes clockwise, so that filling by non-zero winding draws the union.
// Longitudes go beyond ±180 where a ring crosses the antimeridian. Great circles are followed in
// steps of half a degree. A Region of another package has no outline.
func Outline(r Region) orb.MultiPolygon {
	var outline orb.MultiPolygon
	switch r := r.(type) {
	case Union:
		for _, part := range r {
			outline = append(outline, Outline(part)...)
		}
		return outline
	case boxRegion:
		outline = r.outline()
	case *polygonRegion:
		outline = orb.Clone(r.polygons).(orb.MultiPolygon)
	case window:
		outline = r.outline()
	case corridor:
		outline = r.outline()
	}
	for _, polygon := range outline {
		for i, ring := range polygon {
			if ring.Orientation() == orb.CW == (i == 0) {
				ring.Reverse()
			}
		}
	}
	return outline
}

// outlineStep is how far apart, in radians, a great circle is sampled for drawing.
const outlineStep = 0.5 * math.Pi / 180

// outline joins boxes that meet at the antimeridian.
func (r boxRegion) outline() orb.MultiPolygon {
	var whole boxRegion
	for _, b := range r {
		beside := slices.IndexFunc(whole, func(a Box) bool {
			return a.South == b.South && a.North == b.North &&
				(a.East == 180 && b.West == -180 || a.West == -180 && b.East == 180)
		})
		if beside < 0 {
			whole = append(whole, b)
			continue
		}
		a := &whole[beside]
		a.West, a.East = max(a.West, b.West), min(a.East, b.East)+360
	}
	var outline orb.MultiPolygon
	for _, b := range whole {
		outline = append(outline,
			orb.Polygon{orb.Bound{Min: orb.Point{b.West, b.South},
				Max: orb.Point{b.East, b.North}}.ToRing()})
	}
	return outline
}

// outline is a strip along each leg and a circle round each of its ends.
func (c corridor) outline() orb.MultiPolygon {
	var outline orb.MultiPolygon
	sin, cos := math.Sincos(c.width)
	for i, l := range c.path.legs {
		if i == 0 {
			outline = append(outline, orb.Polygon{circle(l.a, c.width)})
		}
		if l.length == 0 {
			continue
		}
		var left, right []vec
		for _, v := range l.samples() {
			left = append(left, v.scale(cos).add(l.normal.scale(sin)))
			right = append(right, v.scale(cos).add(l.normal.scale(-sin)))
		}
		slices.Reverse(left)
		outline = append(outline, orb.Polygon{ringOf(append(right, left...))},
			orb.Polygon{circle(l.b, c.width)})
	}
	return outline
}

// samples returns points of the arc including both ends; an arc of one point has one.
func (r arc) samples() []vec {
	n := int(math.Ceil(r.length / outlineStep))
	points := []vec{r.a}
	for i := range n {
		points = append(points, r.at(r.length*float64(i+1)/float64(n)))
	}
	return points
}

func circle(centre vec, radius float64) orb.Ring {
	const corners = 72
	east := vec{-centre.y, centre.x, 0}
	if east.norm() < 1e-12 {
		east = vec{0, 1, 0}
	}
	east = east.scale(1 / east.norm())
	north := centre.cross(east)
	sin, cos := math.Sincos(radius)
	var points []vec
	for i := range corners {
		s, c := math.Sincos(2 * math.Pi * float64(i) / corners)
		points = append(points, centre.scale(cos).add(east.scale(sin*c)).add(north.scale(sin*s)))
	}
	return ringOf(points)
}

// ringOf closes a ring. A ring around a pole is extended to the edge of the map and back.
func ringOf(points []vec) orb.Ring {
	var ring orb.Ring
	north := 0.0
	for _, v := range append(points, points[0]) {
		p := v.point()
		if len(ring) > 0 {
			last := ring[len(ring)-1].Lon()
			p[0] = last + step(p.Lon()-last)
		}
		north += v.z
		ring = append(ring, p)
	}
	if first, last := ring[0], ring[len(ring)-1]; math.Abs(last.Lon()-first.Lon()) > 180 {
		pole := math.Copysign(90, north)
		ring = append(ring, orb.Point{last.Lon(), pole}, orb.Point{first.Lon(), pole})
	}
	if !ring.Closed() {
		ring = append(ring, ring[0])
	}
	return ring
}

package tiles

import (
	"math"

	"github.com/paulmach/orb"
)

// PathPoint is one point of a flown path and the height there in metres above the ground.
type PathPoint struct {
	orb.Point
	Height float64
}

// Path is a line of flight: great circles between points, heights interpolated linearly between
// them. A path may be one point. Paths are immutable and safe for concurrent use.
type Path struct{ legs []leg }

// leg is one great circle with the heights at its ends.
type leg struct {
	arc
	heights [2]float64
	start   float64 // radians flown before it
}

// NewPath returns the path through points. A path without points meets nothing.
func NewPath(points ...PathPoint) *Path {
	p := &Path{}
	if len(points) == 1 {
		points = append(points, points[0])
	}
	flown := 0.0
	for i := 1; i < len(points); i++ {
		from, to := points[i-1], points[i]
		l := leg{newArc(toVec(from.Point), toVec(to.Point)), [2]float64{from.Height, to.Height},
			flown}
		flown += l.length
		p.legs = append(p.legs, l)
	}
	return p
}

// Length returns the length of the path in metres.
func (p *Path) Length() float64 {
	if len(p.legs) == 0 {
		return 0
	}
	last := p.legs[len(p.legs)-1]
	return (last.start + last.length) * EarthRadius
}

// Points returns the path as a line for drawing: no two points more than step metres apart.
func (p *Path) Points(step float64) orb.LineString {
	var line orb.LineString
	for i, l := range p.legs {
		n := max(1, int(math.Ceil(l.length*EarthRadius/step)))
		for j := range n {
			line = append(line, l.at(l.length*float64(j)/float64(n)).point())
		}
		if i == len(p.legs)-1 {
			line = append(line, l.b.point())
		}
	}
	return line
}

// Approach is the point at which a path comes nearest to a box.
type Approach struct {
	Slant float64 // metres from the aircraft to the nearest point of the box, height included
	Along float64 // metres along the path
}

// Approach returns where the path comes nearest to b. For a path without points, Slant is +Inf.
func (p *Path) Approach(b Box) Approach {
	box := newSphereBox(b)
	best := Approach{Slant: math.Inf(1)}
	for _, l := range p.legs {
		ground, t := box.arcDistance(l.arc)
		ground *= EarthRadius
		if math.Hypot(ground, min(l.heights[0], l.heights[1])) >= best.Slant {
			continue
		}
		slant := math.Hypot(ground, l.height(t))
		if l.heights[0] != l.heights[1] {
			slant, t = l.nearestSlant(box)
		}
		if slant < best.Slant {
			best = Approach{Slant: slant, Along: (l.start + t) * EarthRadius}
		}
	}
	return best
}

// height returns the height at angle t of the leg.
func (l leg) height(t float64) float64 {
	if l.length == 0 {
		return min(l.heights[0], l.heights[1])
	}
	return l.heights[0] + (l.heights[1]-l.heights[0])*t/l.length
}

// nearestSlant minimises the slant distance of a climbing or descending leg. Its square is the sum
// of two convex functions of t (the distance to a convex square, within a quarter of the globe, and
// a straight line), so golden-section search finds the minimum; longer legs are split into
// quarters.
func (l leg) nearestSlant(b sphereBox) (slant, t float64) {
	const piece = math.Pi / 4
	slantAt := func(t float64) float64 {
		return math.Hypot(b.distance(l.at(t))*EarthRadius, l.height(t))
	}
	slant = math.Inf(1)
	pieces := max(1, int(math.Ceil(l.length/piece)))
	for i := range pieces {
		low, high := l.length*float64(i)/float64(pieces), l.length*float64(i+1)/float64(pieces)
		for high-low > 1e-8 { // six centimetres on the ground
			third := (high - low) * (1 - 1/math.Phi)
			if slantAt(low+third) < slantAt(high-third) {
				high -= third
			} else {
				low += third
			}
		}
		for _, at := range [...]float64{low, high} {
			if s := slantAt(at); s < slant {
				slant, t = s, at
			}
		}
	}
	return slant, t
}

// Corridor returns the area within width metres of the path, on the ground.
func (p *Path) Corridor(width float64) Region { return corridor{p, width / EarthRadius} }

type corridor struct {
	path  *Path
	width float64 // radians
}

// Meets implements Region.
func (c corridor) Meets(b Box) bool {
	box := newSphereBox(b)
	for _, l := range c.path.legs {
		if d, _ := box.arcDistance(l.arc); d <= c.width {
			return true
		}
	}
	return false
}

package route

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
)

const earthRadius = 6_371_008.8 // mean, in metres

// steepness is the slope of climb and descent to and from the cruising altitude: 1,000 ft in 3 NM,
// the rule of thumb of pilots.
const steepness = 1000 * metresPerFoot / (3 * 1852)

// Profile returns the points with an altitude each. A missing altitude is the cruising altitude,
// with climb and descent before and after; without a cruising altitude it is interpolated by
// distance between the neighbours that have one. It is 0 if no point has one. The points at the end
// of a climb to the cruising altitude and at the beginning of the descent are inserted.
func (r Route) Profile() []Point {
	flown := make([]float64, len(r.Points)) // metres from the first point
	for i := 1; i < len(flown); i++ {
		flown[i] = flown[i-1] + geo.DistanceHaversine(r.Points[i-1].Point, r.Points[i].Point)
	}
	var known []int // the points that have an altitude
	for i, p := range r.Points {
		if p.HasAltitude {
			known = append(known, i)
		}
	}
	if len(known) == 0 {
		return slices.Clone(r.Points)
	}
	var profile []Point
	put := func(i int, altitude float64) {
		profile = append(profile,
			Point{Point: r.Points[i].Point, Altitude: altitude, HasAltitude: true})
	}
	for i := range known[0] {
		put(i, r.Points[known[0]].Altitude)
	}
	for k, a := range known[:len(known)-1] {
		b := known[k+1]
		s := stretch{flown[a], flown[b], r.Points[a].Altitude, r.Points[b].Altitude, 0}
		if b > a+1 || a == 0 && b == len(r.Points)-1 {
			s.cruise = r.Cruise
		}
		turns := s.turns()
		for i := a; i < b; i++ {
			put(i, s.altitude(flown[i]))
			for len(turns) > 0 && turns[0] < flown[i+1] {
				leg := orb.LineString{r.Points[i].Point, r.Points[i+1].Point}
				p, _ := geo.PointAtDistanceAlongLine(leg, turns[0]-flown[i])
				p[0] = wrapped(p[0])
				profile = append(profile,
					Point{Point: p, Altitude: s.altitude(turns[0]), HasAltitude: true})
				turns = turns[1:]
			}
		}
	}
	last := known[len(known)-1]
	for i := last; i < len(r.Points); i++ {
		put(i, r.Points[last].Altitude)
	}
	return profile
}

// stretch is the part of a route between two points whose altitudes are known. Distances and
// altitudes are in metres.
type stretch struct {
	from, to   float64 // distances along the route
	start, end float64 // altitudes at from and to
	cruise     float64 // altitude between climb and descent; 0: straight line
}

// straight reports whether the altitude runs straight between the ends: there is no cruising
// altitude above both, or no room to climb to it.
func (s stretch) straight() bool {
	return s.cruise <= max(s.start, s.end) || math.Abs(s.end-s.start) >= steepness*(s.to-s.from)
}

// altitude returns the altitude at a distance along the route.
func (s stretch) altitude(at float64) float64 {
	if !s.straight() {
		return min(s.cruise, s.start+steepness*(at-s.from), s.end+steepness*(s.to-at))
	}
	if s.to == s.from {
		return s.start
	}
	return s.start + (s.end-s.start)*(at-s.from)/(s.to-s.from)
}

// turns returns where the climb ends and the descent begins, in order.
func (s stretch) turns() []float64 {
	if s.straight() {
		return nil
	}
	top := s.from + (s.cruise-s.start)/steepness
	descent := s.to - (s.cruise-s.end)/steepness
	if top >= descent { // no room to reach the cruising altitude
		return []float64{(s.from + s.to + (s.end-s.start)/steepness) / 2}
	}
	return []float64{top, descent}
}

// course returns the great-circle distance in metres and the initial bearing in radians from a to
// b.
func course(a, b orb.Point) (distance, bearing float64) {
	const rad = math.Pi / 180
	lat1, lat2, dlon := a.Lat()*rad, b.Lat()*rad, (b.Lon()-a.Lon())*rad
	x := math.Cos(lat1)*math.Sin(lat2) - math.Sin(lat1)*math.Cos(lat2)*math.Cos(dlon)
	y := math.Sin(dlon) * math.Cos(lat2)
	z := math.Sin(lat1)*math.Sin(lat2) + math.Cos(lat1)*math.Cos(lat2)*math.Cos(dlon)
	return earthRadius * math.Atan2(math.Hypot(x, y), z), math.Atan2(y, x)
}

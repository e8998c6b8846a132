package route

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
)

const earthRadius = 6_371_008.8 // metres, mean

// steepness is the slope of climb and descent to and from a cruising altitude: 1,000 ft in 3 NM, as
// pilots reckon.
const steepness = 1000 * metresPerFoot / (3 * 1852)

// Profile returns the points with an altitude each. Where the file has none, it is the cruising
// altitude with climb and descent round it; without one it is on the straight line between the
// neighbours that have an altitude, by distance flown. It is 0 where no point has one. The points
// where a climb to the cruising altitude ends and the descent from it begins are put in.
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
		profile = append(profile, Point{Point: r.Points[i].Point, Altitude: altitude, HasAltitude: true})
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
				profile = append(profile, Point{Point: p, Altitude: s.altitude(turns[0]), HasAltitude: true})
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

// stretch is flown between two points whose altitudes are known. Distances and altitudes are in
// metres.
type stretch struct {
	from, to   float64 // of the route
	start, end float64 // altitudes there
	cruise     float64 // the altitude between climb and descent; 0 if the way is straight
}

// straight reports whether the way between the ends is a straight line: there is no cruising
// altitude above both, or it would not take up the room.
func (s stretch) straight() bool {
	return s.cruise <= max(s.start, s.end) || math.Abs(s.end-s.start) >= steepness*(s.to-s.from)
}

// altitude returns the altitude at a distance.
func (s stretch) altitude(at float64) float64 {
	if !s.straight() {
		return min(s.cruise, s.start+steepness*(at-s.from), s.end+steepness*(s.to-at))
	}
	if s.to == s.from {
		return s.start
	}
	return s.start + (s.end-s.start)*(at-s.from)/(s.to-s.from)
}

// turns returns where climb ends and descent begins, in order.
func (s stretch) turns() []float64 {
	if s.straight() {
		return nil
	}
	top := s.from + (s.cruise-s.start)/steepness
	descent := s.to - (s.cruise-s.end)/steepness
	if top >= descent { // it never gets there
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

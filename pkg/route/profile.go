package route

import (
	"math"

	"github.com/paulmach/orb"
)

const earthRadius = 6_371_008.8 // metres, mean

// Altitudes returns the altitude of every point in metres: where a point has none, that of the straight line between its neighbours that do,
// by distance flown; all 0 where no point has one.
func (r Route) Altitudes() []float64 {
	flown := make([]float64, len(r.Points)) // metres from the first point
	for i := 1; i < len(flown); i++ {
		leg, _ := course(r.Points[i-1].Point, r.Points[i].Point)
		flown[i] = flown[i-1] + leg
	}
	heights := make([]float64, len(r.Points))
	last := -1 // the last point that has an altitude
	for i, p := range r.Points {
		if !p.HasAltitude {
			if last >= 0 {
				heights[i] = heights[last] // unless another one follows
			}
			continue
		}
		heights[i] = p.Altitude
		for j := last + 1; j < i; j++ {
			heights[j] = p.Altitude
			if gap := flown[i] - flown[max(last, 0)]; last >= 0 && gap > 0 {
				heights[j] = heights[last] + (p.Altitude-heights[last])*(flown[j]-flown[last])/gap
			}
		}
		last = i
	}
	return heights
}

// course returns the great-circle distance in metres and the initial bearing in radians from a to b.
func course(a, b orb.Point) (distance, bearing float64) {
	const rad = math.Pi / 180
	lat1, lat2, dlon := a.Lat()*rad, b.Lat()*rad, (b.Lon()-a.Lon())*rad
	x := math.Cos(lat1)*math.Sin(lat2) - math.Sin(lat1)*math.Cos(lat2)*math.Cos(dlon)
	y := math.Sin(dlon) * math.Cos(lat2)
	z := math.Sin(lat1)*math.Sin(lat2) + math.Cos(lat1)*math.Cos(lat2)*math.Cos(dlon)
	return earthRadius * math.Atan2(math.Hypot(x, y), z), math.Atan2(y, x)
}

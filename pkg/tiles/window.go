package tiles

import "math"

// WindowDegrees is how far X-Plane's load window reaches from the aircraft, in degrees of latitude north and south; east and west it is as many,
// divided by the cosine of the aircraft's latitude.
const WindowDegrees = 2

// Window returns all that X-Plane loads along the path: its window round every point of it.
func (p *Path) Window() Region { return window{p} }

type window struct{ path *Path }

// Meets implements Region.
func (w window) Meets(b Box) bool {
	for _, l := range w.path.legs {
		if windowMeets(l.arc, 0, l.length, b) {
			return true
		}
	}
	return false
}

// windowMeets reports whether the window round some point of r between the angles from and to overlaps b. It halves the stretch until one end decides it,
// its bounds rule it out, or it is shorter than half a metre.
func windowMeets(r arc, from, to float64, b Box) bool {
	const shortest = 0.5 / EarthRadius
	if !windowMayMeet(r, from, to, b) {
		return false
	}
	if windowAt(r.at(from), b) || windowAt(r.at(to), b) {
		return true
	}
	if to-from < shortest {
		return false
	}
	mid := (from + to) / 2
	return windowMeets(r, from, mid, b) || windowMeets(r, mid, to, b)
}

// windowAt reports whether the window round v overlaps b.
func windowAt(v vec, b Box) bool {
	p := v.point()
	return latGap(p.Lat(), p.Lat(), b) < WindowDegrees &&
		lonGap(p.Lon(), p.Lon(), b)*math.Cos(radians(p.Lat())) < WindowDegrees
}

// windowMayMeet is false only if no window along the stretch overlaps b.
func windowMayMeet(r arc, from, to float64, b Box) bool {
	start, end := r.at(from).point(), r.at(to).point()
	south, north := min(start.Lat(), end.Lat()), max(start.Lat(), end.Lat())
	for _, t := range r.extremes() {
		if t > from && t < to {
			lat := r.at(t).point().Lat()
			south, north = min(south, lat), max(north, lat)
		}
	}
	if latGap(south, north, b) >= WindowDegrees {
		return false
	}
	// Longitude runs one way along a great circle. A stretch that comes near a pole may take any.
	widest := math.Cos(radians(max(math.Abs(south), math.Abs(north))))
	turn := math.Remainder(end.Lon()-start.Lon(), 360)
	if widest < 1e-3 || math.Abs(turn) > 170 {
		return true
	}
	west := start.Lon()
	if turn < 0 {
		west = end.Lon()
	}
	return lonGap(west, west+math.Abs(turn), b)*widest < WindowDegrees
}

// latGap returns the degrees between the latitudes south to north and b, 0 where they overlap.
func latGap(south, north float64, b Box) float64 {
	return max(0, b.South-north, south-b.North)
}

// lonGap returns the degrees between the longitudes west to east and b, the shorter way round the world.
func lonGap(west, east float64, b Box) float64 {
	gap := math.Inf(1)
	for shift := -360.0; shift <= 360; shift += 360 {
		gap = min(gap, max(0, b.West-(east+shift), west+shift-b.East))
	}
	return gap
}

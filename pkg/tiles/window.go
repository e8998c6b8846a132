package tiles

import (
	"math"
	"slices"
)

// WindowDegrees is the greatest distance at which X-Plane loads a cell, from the aircraft to the
// cell's near edge: in degrees of latitude, and in longitude divided by the cosine of the
// aircraft's latitude.
const WindowDegrees = 2.5

// windowReach is slightly more, so that a cell at exactly that distance counts despite rounding.
const windowReach = WindowDegrees + 1e-9

// Window returns everything that X-Plane loads along the path: every whole cell that comes within
// WindowDegrees of some point of it.
func (p *Path) Window() Region {
	var opened cellSet
	for _, l := range p.legs {
		opened.open(l.arc)
	}
	return window{opened.runs()}
}

// window is a set of cells, adjacent ones joined in one box. No box crosses the antimeridian.
type window struct{ boxRegion }

// Cells returns the cells of the windows in r, each once, from south to north and west to east.
func Cells(r Region) []Cell {
	var all cellSet
	var gather func(Region)
	gather = func(r Region) {
		switch r := r.(type) {
		case Union:
			for _, part := range r {
				gather(part)
			}
		case window:
			for _, run := range r.boxRegion {
				for c := range run.Cells() {
					all.add(c.Lat, c.Lon)
				}
			}
		}
	}
	gather(r)
	var cells []Cell
	for _, run := range all.runs() {
		cells = slices.AppendSeq(cells, run.Cells())
	}
	return cells
}

// cellSet holds cells by row from the south pole and column from the antimeridian.
type cellSet [180][360]bool

// add adds a cell; longitudes beyond ±180 are wrapped.
func (s *cellSet) add(lat, lon int) { s[lat+90][((lon+180)%360+360)%360] = true }

// runs returns the cells from south to north, adjacent ones joined in one box.
func (s *cellSet) runs() boxRegion {
	var runs boxRegion
	for row := range s {
		south := float64(row - 90)
		for col := 0; col < len(s[row]); col++ {
			from := col
			for col < len(s[row]) && s[row][col] {
				col++
			}
			if col > from {
				runs = append(runs, Box{float64(from - 180), south, float64(col - 180), south + 1})
			}
		}
	}
	return runs
}

// open adds the cells that some point of r comes within windowReach of.
//
// For a row of cells only longitude matters: on the stretches of r that are near enough to the row
// in latitude, it adds the cells within the aircraft's reach to the east and west.
func (s *cellSet) open(r arc) {
	south, north := r.latitudes(0, r.length)
	first, last := columns(south-windowReach, north+windowReach)
	for row := max(first, -90); row <= min(last, 89); row++ {
		for _, stretch := range r.between(float64(row)-windowReach, float64(row+1)+windowReach) {
			west, east := r.sweep(stretch[0], stretch[1])
			for lon := west; lon <= min(east, west+359); lon++ {
				s.add(row, lon)
			}
		}
	}
}

// columns returns the first and the last whole degree of the cells that touch the interval from low
// to high.
func columns(low, high float64) (first, last int) {
	return int(math.Ceil(low)) - 1, int(math.Floor(high))
}

// sweep returns the first and the last column of cells, possibly beyond ±180, within reach to the
// east and west while the aircraft flies the stretch of r between the angles from and to.
func (r arc) sweep(from, to float64) (first, last int) {
	south, north := r.latitudes(from, to)
	if math.Cos(radians(max(-south, north)))*180 <= windowReach { // close to a pole: all columns
		return -180, 179
	}
	// Away from the poles a stretch covers less than half a turn: count longitudes from its middle.
	middle := r.at((from + to) / 2).point().Lon()
	west, east := math.Inf(1), math.Inf(-1)
	for _, t := range append(r.turning(), from, to) {
		if t < from || t > to {
			continue
		}
		v := r.at(t)
		lon := middle + math.Remainder(v.point().Lon()-middle, 360)
		reach := windowReach / math.Hypot(v.x, v.y)
		west, east = min(west, lon-reach), max(east, lon+reach)
	}
	return columns(west, east)
}

// turning returns the angles of r at which the longitude that the aircraft reaches east or west, λ
// ± R/cos φ, may turn back. Along a great circle dλ/dt = n/cos² φ with n = cos φ at its highest
// latitude, and dφ/dt = √(1-n²-sin² φ)/cos φ; the derivative is zero where y = sin² φ solves R²y² -
// (R²(1-n²) + n²)y + n² = 0.
func (r arc) turning() []float64 {
	reach := radians(windowReach)
	square, n := reach*reach, r.normal.z*r.normal.z
	half := (square*(1-n) + n) / 2
	root := half*half - square*n
	if r.length == 0 || root < 0 {
		return nil
	}
	larger := half + math.Sqrt(root)
	var found []float64
	for _, y := range [...]float64{larger / square, n / larger} {
		if lat := degrees(math.Asin(math.Sqrt(y))); lat >= 0 { // not NaN
			found = append(found, r.atLatitude(lat)...)
			found = append(found, r.atLatitude(-lat)...)
		}
	}
	return found
}

// latitudes returns the least and the greatest latitude of r between the angles from and to.
func (r arc) latitudes(from, to float64) (south, north float64) {
	south, north = math.Inf(1), math.Inf(-1)
	for _, t := range append(r.extremes(), from, to) {
		if t >= from && t <= to {
			lat := r.at(t).point().Lat()
			south, north = min(south, lat), max(north, lat)
		}
	}
	return south, north
}

// between returns the stretches of r, from one angle to another, on which its latitude is from
// south to north.
func (r arc) between(south, north float64) [][2]float64 {
	cuts := []float64{0, r.length}
	for _, lat := range [...]float64{south, north} {
		if math.Abs(lat) < 90 {
			cuts = append(cuts, r.atLatitude(lat)...)
		}
	}
	slices.Sort(cuts)
	var stretches [][2]float64
	for i := range len(cuts) - 1 {
		if lat := r.at((cuts[i] + cuts[i+1]) / 2).point().Lat(); lat >= south && lat <= north {
			stretches = append(stretches, [2]float64{cuts[i], cuts[i+1]})
		}
	}
	return stretches
}

package tiles

import (
	"math"

	"github.com/paulmach/orb"
)

// The oracles: for every kind of region a way to say whether it meets a square that shares no
// formula with the code. Where the code has closed forms and quadtrees, they try every square and
// search along the path, sure of the result because a distance changes no faster than one moves.

// verdict is what an oracle says of a square. Within a metre of the region's edge either answer
// will do.
type verdict int

const (
	outside verdict = iota
	onEdge
	inside
)

type oracle func(Box) verdict

// anyOf is the oracle of a union.
func anyOf(oracles ...oracle) oracle {
	return func(b Box) verdict {
		best := outside
		for _, o := range oracles {
			best = max(best, o(b))
		}
		return best
	}
}

// spot is a place with its point on the unit sphere.
type spot struct {
	orb.Point
	x, y, z float64
}

func spotAt(p orb.Point) spot {
	lon, lat := p.Lon()*math.Pi/180, p.Lat()*math.Pi/180
	return spot{p, math.Cos(lat) * math.Cos(lon), math.Cos(lat) * math.Sin(lon), math.Sin(lat)}
}

// metres returns the distance of s and t over the ground, by the chord between them.
func (s spot) metres(t spot) float64 {
	dx, dy, dz := s.x-t.x, s.y-t.y, s.z-t.z
	return 2 * EarthRadius * math.Asin(min(1, math.Sqrt(dx*dx+dy*dy+dz*dz)/2))
}

// oracleLeg is a great circle from a to b.
type oracleLeg struct {
	a, b   spot
	metres float64
}

// oracleLegs joins the points of a path; one point is a leg of no length.
func oracleLegs(points []PathPoint) []oracleLeg {
	var legs []oracleLeg
	for i := range points {
		if i == 0 && len(points) > 1 {
			continue
		}
		a, b := spotAt(points[max(i, 1)-1].Point), spotAt(points[i].Point)
		legs = append(legs, oracleLeg{a, b, a.metres(b)})
	}
	return legs
}

// at returns the place so many metres from the start of the leg: both ends weighed by sines (the
// textbook's slerp).
func (l oracleLeg) at(metres float64) spot {
	whole := l.metres / EarthRadius
	if whole == 0 {
		return l.a
	}
	part := metres / EarthRadius
	wa, wb := math.Sin(whole-part)/math.Sin(whole), math.Sin(part)/math.Sin(whole)
	s := spot{x: wa*l.a.x + wb*l.b.x, y: wa*l.a.y + wb*l.b.y, z: wa*l.a.z + wb*l.b.z}
	s.Point = orb.Point{math.Atan2(s.y, s.x) * 180 / math.Pi,
		math.Atan2(s.z, math.Hypot(s.x, s.y)) * 180 / math.Pi}
	return s
}

// below says whether f, in metres, falls below 0 between 0 and length metres. It is certain because
// f changes by no more than steep a metre.
func below(f func(metres float64) float64, length, steep float64) verdict {
	type stretch struct{ from, to, atFrom, atTo float64 }
	found := outside
	todo := []stretch{{0, length, f(0), f(length)}}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		least := min(s.atFrom, s.atTo)
		if least < -1 {
			return inside
		}
		if least <= 1 {
			found = onEdge
		}
		bound := (s.atFrom + s.atTo - steep*(s.to-s.from)) / 2
		if bound > 1 || bound >= -1 && found == onEdge || s.to-s.from < 0.01 {
			continue
		}
		mid := (s.from + s.to) / 2
		atMid := f(mid)
		todo = append(todo, stretch{s.from, mid, s.atFrom, atMid},
			stretch{mid, s.to, atMid, s.atTo})
	}
	return found
}

// corridorOracle searches each leg for a place within width metres of the square. Squares far from
// the edge are told by their centres.
func corridorOracle(points []PathPoint, width float64) oracle {
	legs := oracleLegs(points)
	return func(b Box) verdict {
		best := outside
		square := newOracleBox(b)
		for _, l := range legs {
			toCentre := func(m float64) float64 { return l.at(m).metres(square.centre) }
			switch {
			case below(func(m float64) float64 { return toCentre(m) - width }, l.metres,
				1) == inside:
				return inside
			case below(func(m float64) float64 { return toCentre(m) - square.radius - width },
				l.metres, 1) == outside:
			default:
				best = max(best, below(func(m float64) float64 {
					return square.metres(l.at(m)) - width
				}, l.metres, 1))
			}
		}
		return best
	}
}

// oracleBox is a square with the corners, centre and a radius that holds it.
type oracleBox struct {
	Box
	centre, nw, ne, sw, se spot
	radius                 float64
}

func newOracleBox(b Box) oracleBox {
	corner := func(lon, lat float64) spot { return spotAt(orb.Point{lon, lat}) }
	widest := math.Cos(max(0, b.South, -b.North) * math.Pi / 180)
	return oracleBox{
		b, corner((b.West+b.East)/2, (b.South+b.North)/2),
		corner(b.West, b.North), corner(b.East, b.North), corner(b.West, b.South), corner(b.East,
			b.South),
		// due north, then due east
		(b.North - b.South + (b.East-b.West)*widest) / 2 * math.Pi / 180 * EarthRadius,
	}
}

// metres returns the distance from p to the nearest point of the square: on a parallel that is at
// the nearest longitude, on a meridian at the foot of the perpendicular, whose latitude has tan φ /
// cos Δλ.
func (b oracleBox) metres(p spot) float64 {
	east := math.Mod(p.Lon()-b.West+720, 360) // of the western edge
	over := east <= b.East-b.West
	if over && p.Lat() >= b.South && p.Lat() <= b.North {
		return 0
	}
	best := min(p.metres(b.nw), p.metres(b.ne), p.metres(b.sw), p.metres(b.se))
	if over {
		best = min(best, p.metres(spotAt(orb.Point{p.Lon(), b.South})),
			p.metres(spotAt(orb.Point{p.Lon(), b.North})))
	}
	for _, lon := range [...]float64{b.West, b.East} {
		phi, gap := p.Lat()*math.Pi/180, (p.Lon()-lon)*math.Pi/180
		foot := math.Atan2(math.Sin(phi), math.Cos(phi)*math.Cos(gap)) * 180 / math.Pi
		if foot > b.South && foot < b.North {
			best = min(best, p.metres(spotAt(orb.Point{lon, foot})))
		}
	}
	return best
}

// cellOracle searches each leg for a place that the cell at lat, lon is near enough to. A metre of
// way moves the window's edge by no more than 1 + π metres: by itself, and as much again for every
// radian of longitude to the cell as the meridians draw together.
func cellOracle(points []PathPoint) func(lat, lon int) verdict {
	const metresPerDegree = math.Pi / 180 * EarthRadius
	legs := oracleLegs(points)
	return func(lat, lon int) verdict {
		best := outside
		for _, l := range legs {
			best = max(best, below(func(m float64) float64 {
				p := l.at(m)
				above := math.Abs(p.Lat()-float64(lat)-0.5) - 0.5
				aside := math.Abs(math.Mod(p.Lon()-float64(lon)-0.5+540, 360)-180) - 0.5
				return max(above-2.5, max(aside,
					0)*math.Cos(p.Lat()*math.Pi/180)-2.5) * metresPerDegree
			}, l.metres, 1+math.Pi))
		}
		return best
	}
}

// windowOracle asks about every cell that the square touches: squares and cells that share an edge
// do not.
func windowOracle(points []PathPoint) oracle {
	ask := cellOracle(points)
	asked := make(map[[2]int]verdict)
	return func(b Box) verdict {
		best := outside
		for lat := max(-90, int(b.South)-2); lat < min(90, int(b.North)+2); lat++ {
			for lon := max(-180, int(b.West)-2); lon < min(180, int(b.East)+2); lon++ {
				if b.North-float64(lat) < 1e-9 || float64(lat+1)-b.South < 1e-9 ||
					b.East-float64(lon) < 1e-9 || float64(lon+1)-b.West < 1e-9 {
					continue
				}
				cell := [2]int{lat, lon}
				if _, known := asked[cell]; !known {
					asked[cell] = ask(lat, lon)
				}
				if best = max(best, asked[cell]); best == inside {
					return best
				}
			}
		}
		return best
	}
}

// bboxOracle compares intervals; west greater than east crosses the antimeridian.
func bboxOracle(west, south, east, north float64) oracle {
	if east < west {
		east += 360
	}
	return func(b Box) verdict {
		overlap := math.Inf(-1) // degrees
		for _, turn := range [...]float64{0, 360} {
			overlap = max(overlap, min(east, b.East+turn)-max(west, b.West+turn))
		}
		return byDegrees(min(overlap, min(north, b.North)-max(south, b.South)))
	}
}

// edgeDegrees is about a metre.
const edgeDegrees = 1e-5

func byDegrees(overlap float64) verdict {
	switch {
	case overlap > edgeDegrees:
		return inside
	case overlap < -edgeDegrees:
		return outside
	}
	return onEdge
}

// polygonOracle takes polygons whose longitudes run on beyond ±180. An edge meets a square unless
// an axis separates them; where none does, the centre decides by the sum of the angles under which
// it sees each ring.
func polygonOracle(polygons orb.MultiPolygon) oracle {
	return func(b Box) verdict {
		best := outside
		for turn := -720.0; turn <= 720; turn += 360 {
			moved := Box{b.West + turn, b.South, b.East + turn, b.North}
			for _, polygon := range polygons {
				best = max(best, meetsPolygon(polygon, moved))
			}
		}
		return best
	}
}

func meetsPolygon(polygon orb.Polygon, b Box) verdict {
	best, rings := outside, 0
	for _, ring := range polygon {
		turns := 0.0
		for i := range ring {
			from, to := ring[i], ring[(i+1)%len(ring)]
			best = max(best, meetsEdge(from, to, b))
			turns += angleSeen(b.Center(), from, to)
		}
		if math.Abs(turns) > math.Pi {
			rings++
		}
	}
	if rings%2 == 1 { // the middle of a square is far from an edge that it only touches
		return inside
	}
	return best
}

func angleSeen(p, from, to orb.Point) float64 {
	turn := math.Atan2(to[1]-p[1], to[0]-p[0]) - math.Atan2(from[1]-p[1], from[0]-p[0])
	return math.Remainder(turn, 2*math.Pi)
}

// meetsEdge separates by the two axes and the normal of the edge.
func meetsEdge(from, to orb.Point, b Box) verdict {
	mid, half := b.Center(), orb.Point{(b.East - b.West) / 2, (b.North - b.South) / 2}
	overlap := math.Inf(1)
	axes := [...]orb.Point{{1, 0}, {0, 1}, {from[1] - to[1], to[0] - from[0]}}
	for _, axis := range axes {
		length := math.Hypot(axis[0], axis[1])
		if length == 0 {
			continue
		}
		along := func(p orb.Point) float64 {
			return ((p[0]-mid[0])*axis[0] + (p[1]-mid[1])*axis[1]) / length
		}
		reach := (math.Abs(axis[0])*half[0] + math.Abs(axis[1])*half[1]) / length
		low, high := min(along(from), along(to)), max(along(from), along(to))
		overlap = min(overlap, high+reach, reach-low)
	}
	return byDegrees(overlap)
}

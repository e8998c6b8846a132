package route

import "math"

// How far a simplified track may stray from the recorded one, in metres; a few times as far where
// the track wriggles within that distance. A texture at ZL16 is about 1,800 m wide.
const (
	trackTolerance  = 20
	heightTolerance = 15
)

// maxChord is the longest leg of a simplified track, in metres.
const maxChord = 2_000_000

// simplify removes points of a recorded track that lie close enough to a great circle between the
// points kept. It looks at every point once: from the last point kept it tracks the directions (and
// slopes) in which all later points are within tolerance; when none is left, it keeps the previous
// point.
func simplify(points []Point) []Point {
	points = merged(points)
	if len(points) < 3 {
		return points
	}
	kept := []Point{points[0]}
	view := newSleeve(points[0])
	for i := 1; i < len(points); i++ {
		if !view.take(points[i]) {
			kept = append(kept, points[i-1])
			view = newSleeve(points[i-1])
			view.take(points[i])
		}
	}
	return append(kept, points[len(points)-1])
}

// noteSimplified notes how simplify changed a track.
func noteSimplified(n *notes, place string, before, after int) {
	if after < before {
		n.add(place, "a recorded track of %d points is simplified to %d, within %d m", before,
			after, trackTolerance)
	}
}

// sleeve is the range of bearings and slopes, from the last point kept, that pass close to all
// points taken so far.
type sleeve struct {
	from      Point
	reach     float64 // distance in metres of the farthest point taken
	bearing   float64 // radians: the reference for left and right
	left      float64
	right     float64
	flattest  float64 // metres of height per metre
	steepest  float64
	directed  bool // a point far enough away to define a bearing was taken
	firstPass bool
}

func newSleeve(from Point) sleeve {
	return sleeve{from: from, flattest: math.Inf(-1), steepest: math.Inf(1), firstPass: true}
}

// take reports whether a leg that ends in p passes all points taken so far; if so, it narrows the
// range to what passes p too. The first point is always taken.
func (s *sleeve) take(p Point) bool {
	first := s.firstPass
	s.firstPass = false
	distance, bearing := course(s.from.Point, p.Point)
	// A track that turns back would hide how far it went.
	ok := distance >= s.reach-trackTolerance && distance <= maxChord &&
		p.HasAltitude == s.from.HasAltitude
	s.reach = max(s.reach, distance)

	slope := (p.Altitude - s.from.Altitude) / max(distance, trackTolerance)
	ok = ok && slope >= s.flattest && slope <= s.steepest
	play := heightTolerance / max(distance, trackTolerance)
	s.flattest, s.steepest = max(s.flattest, slope-play), min(s.steepest, slope+play)

	if distance > trackTolerance {
		angle := math.Asin(min(1,
			math.Sin(trackTolerance/earthRadius)/math.Sin(min(distance, maxChord)/earthRadius)))
		if !s.directed {
			s.directed, s.bearing, s.left, s.right = true, bearing, -angle, angle
		} else {
			turn := math.Remainder(bearing-s.bearing, 2*math.Pi)
			ok = ok && turn >= s.left && turn <= s.right
			s.left, s.right = max(s.left, turn-angle), min(s.right, turn+angle)
		}
	}
	return ok || first
}

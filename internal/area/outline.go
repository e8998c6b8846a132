package area

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// metresPerDegree is the length of a degree of latitude on a sphere of the Earth's mean radius.
const metresPerDegree = math.Pi / 180 * 6371008.8

// Edge describes the edge of an area, in metres.
type Edge struct {
	// Ramp is how far outside the outline the source fades out. 0: a hard edge.
	Ramp float64
	// Buffer moves the outline outwards before the ramp begins; negative: inwards.
	Buffer float64
	// Square squares the linear ramp, as Ortho4XP's blur does to a mask.
	Square bool
}

// weight returns the weight of a pixel at the given distance outside the outline.
func (e Edge) weight(metres float64) uint8 {
	switch d := metres - e.Buffer; {
	case d <= 0:
		return 255
	case d >= e.Ramp:
		return 0
	case e.Square:
		left := 1 - d/e.Ramp
		return uint8(255*float64(left*left) + 0.5)
	default:
		return uint8(255*(1-d/e.Ramp) + 0.5)
	}
}

// reach is how far from the outline a weight may be between 0 and 255, or differ from the side of
// the outline.
func (e Edge) reach() float64 { return max(math.Abs(e.Buffer), math.Abs(e.Buffer+e.Ramp)) }

// Outline is the Area of polygons.
type Outline struct {
	edge     Edge
	polygons []*polygon
}

var _ Area = (*Outline)(nil)

// polygon is a polygon with its holes: a point with an odd number of edges to its east is inside.
type polygon struct {
	bound tiles.Box
	// by latitude, so that a chunk checks only a few of the 100,000 edges of a country
	bands map[int][]*line
}

// line is an edge of a polygon.
type line struct {
	a, b orb.Point
	seam bool // only divides the area: both sides are inside
}

// bandsPerDegree balances copies of long lines against the number of lines that a chunk checks.
const bandsPerDegree = 16

func band(lat float64) int { return int(math.Floor(lat * bandsPerDegree)) }

// bandsOf yields the lines of the bands between two latitudes; those of several bands are repeated.
func (p *polygon) bandsOf(south, north float64, yield func(*line)) {
	for n := band(south); n <= band(north); n++ {
		for _, l := range p.bands[n] {
			yield(l)
		}
	}
}

func (p *polygon) add(l *line) {
	if len(p.bands) == 0 {
		p.bands = map[int][]*line{}
		p.bound = tiles.Box{West: l.a.Lon(), South: l.a.Lat(), East: l.a.Lon(), North: l.a.Lat()}
	}
	for _, pt := range []orb.Point{l.a, l.b} {
		p.bound.West, p.bound.East = min(p.bound.West, pt.Lon()), max(p.bound.East, pt.Lon())
		p.bound.South, p.bound.North = min(p.bound.South, pt.Lat()), max(p.bound.North, pt.Lat())
	}
	for n := band(min(l.a.Lat(), l.b.Lat())); n <= band(max(l.a.Lat(), l.b.Lat())); n++ {
		p.bands[n] = append(p.bands[n], l)
	}
}

// crossings returns where the lines cross a parallel, from west to east. Only one end of a line
// counts, so that a corner on the parallel is crossed once.
func (p *polygon) crossings(lat float64, found []float64) []float64 {
	found = found[:0]
	for _, l := range p.bands[band(lat)] {
		if (l.a.Lat() > lat) != (l.b.Lat() > lat) {
			found = append(found, l.a.Lon()+float64(
				(lat-l.a.Lat())/(l.b.Lat()-l.a.Lat())*(l.b.Lon()-l.a.Lon())))
		}
	}
	slices.Sort(found)
	return found
}

func (p *polygon) contains(pt orb.Point) bool {
	at, _ := slices.BinarySearch(p.crossings(pt.Lat(), nil), pt.Lon())
	return at%2 == 1
}

// NewOutline returns the area of polygons, which may overlap. The error says what is wrong with
// them, and where: a ring that crosses itself, another ring of its polygon, or the antimeridian.
func NewOutline(mp orb.MultiPolygon, e Edge) (*Outline, error) {
	if err := Check(mp); err != nil {
		return nil, err
	}
	return Unchecked(mp, e), nil
}

// Unchecked is NewOutline without checks: where a polygon overlaps itself, points inside an odd
// number of its rings are inside. The points of the built-in outlines lie on a grid, which makes
// narrow parts cross.
func Unchecked(mp orb.MultiPolygon, e Edge) *Outline {
	o := &Outline{edge: e}
	sides := map[[2]orb.Point]*line{}
	for _, rings := range mp {
		p := &polygon{}
		for _, ring := range rings {
			for i := range ring {
				l := &line{a: ring[i], b: ring[(i+1)%len(ring)]}
				if l.a == l.b {
					continue
				}
				// Polygons that share a side, or were cut at the antimeridian, are joined there.
				if other := sides[[2]orb.Point{l.b, l.a}]; other != nil {
					l.seam, other.seam = true, true
				}
				if math.Abs(l.a.Lon()) == 180 && l.a.Lon() == l.b.Lon() {
					l.seam = true
				}
				sides[[2]orb.Point{l.a, l.b}] = l
				p.add(l)
			}
		}
		if p.bands != nil {
			o.polygons = append(o.polygons, p)
		}
	}
	return o
}

// NewCells returns the area of whole degrees, each named by its south-west corner (longitude,
// latitude). Adjacent cells are joined.
func NewCells(cells map[[2]int]bool, e Edge) *Outline {
	p := &polygon{}
	for c := range cells {
		w, s := float64(c[0]), float64(c[1])
		for _, side := range []struct {
			beside [2]int
			a, b   orb.Point
		}{
			{[2]int{c[0], c[1] - 1}, orb.Point{w, s}, orb.Point{w + 1, s}},
			{[2]int{c[0] + 1, c[1]}, orb.Point{w + 1, s}, orb.Point{w + 1, s + 1}},
			{[2]int{c[0], c[1] + 1}, orb.Point{w + 1, s + 1}, orb.Point{w, s + 1}},
			{[2]int{c[0] - 1, c[1]}, orb.Point{w, s + 1}, orb.Point{w, s}},
		} {
			if !cells[side.beside] {
				p.add(&line{a: side.a, b: side.b, seam: math.Abs(side.a.Lon()) == 180 &&
					side.a.Lon() == side.b.Lon()})
			}
		}
	}
	o := &Outline{edge: e}
	if p.bands != nil {
		o.polygons = append(o.polygons, p)
	}
	return o
}

// frame is a chunk on the ground.
type frame struct {
	tiles.Box
	lon, lat [side]float64 // of the pixels' centres, by column and row
}

func frameOf(c tiles.Chunk) (f frame) {
	world := float64(uint64(side) << c.Z)
	lon := func(x float64) float64 { return x/world*360 - 180 }
	lat := func(y float64) float64 {
		return math.Atan(math.Sinh(math.Pi*(1-2*y/world))) * (180 / math.Pi)
	}
	x, y := float64(c.X)*side, float64(c.Y)*side
	f.Box = tiles.Box{West: lon(x), South: lat(y + side), East: lon(x + side), North: lat(y)}
	for i := range side {
		f.lon[i], f.lat[i] = lon(x+float64(i)+0.5), lat(y+float64(i)+0.5)
	}
	return f
}

// boxOf is frameOf's box.
func boxOf(c tiles.Chunk) tiles.Box {
	n := uint32(tiles.TextureChunks)
	return tiles.Texture{ZL: c.Z + 4, Col: c.X * n, Row: c.Y * n}.Box()
}

// grown returns b extended by metres, or slightly more.
func grown(b tiles.Box, metres float64) tiles.Box {
	lat := metres / metresPerDegree * 1.001
	far := min(max(math.Abs(b.South), math.Abs(b.North))+lat, 89.9)
	lon := lat / math.Cos(far*math.Pi/180)
	return tiles.Box{West: b.West - lon, South: b.South - lat, East: b.East + lon,
		North: b.North + lat}
}

// Cover implements Area.
func (o *Outline) Cover(c tiles.Chunk) Cover {
	box := boxOf(c)
	near := grown(box, o.edge.reach())
	cover := Outside
	for _, p := range o.polygons {
		if !touches(p.bound, near) {
			continue
		}
		// by the outline, or by a seam that leaves a part of the chunk to another polygon
		cut := false
		p.bandsOf(near.South, near.North, func(l *line) { cut = cut || l.enters(near) })
		switch {
		case cut:
			cover = Partly
		case p.contains(box.Center()):
			return Inside
		}
	}
	return cover
}

func touches(b, c tiles.Box) bool {
	return b.West <= c.East && c.West <= b.East && b.South <= c.North && c.South <= b.North
}

// enters reports whether a part of l lies in b (Liang and Barsky's clipping).
func (l *line) enters(b tiles.Box) bool {
	from, to := 0.0, 1.0
	clip := func(start, delta, low, high float64) bool {
		if delta == 0 {
			return low <= start && start <= high
		}
		t0, t1 := (low-start)/delta, (high-start)/delta
		from, to = max(from, min(t0, t1)), min(to, max(t0, t1))
		return true
	}
	return clip(l.a.Lon(), l.b.Lon()-l.a.Lon(), b.West, b.East) &&
		clip(l.a.Lat(), l.b.Lat()-l.a.Lat(), b.South, b.North) && from <= to
}

// Weigh implements Area.
func (o *Outline) Weigh(c tiles.Chunk, w *Weights) Cover {
	switch cover := o.Cover(c); cover {
	case Outside, Inside:
		return w.fill(cover)
	}
	f := frameOf(c)
	w.fill(Outside)
	near := grown(f.Box, o.edge.reach())
	var distances [side * side]float64 // squared, of the nearest line
	for _, p := range o.polygons {
		if touches(p.bound, near) {
			o.weigh(p, &f, near, &distances, w)
		}
	}
	return w.cover()
}

// weigh raises w to the weights of pixels in p.
func (o *Outline) weigh(p *polygon, f *frame, near tiles.Box, distances *[side * side]float64,
	w *Weights) {
	for i := range distances {
		distances[i] = math.Inf(1)
	}
	seen := map[*line]bool{}
	p.bandsOf(near.South, near.North, func(l *line) {
		if !l.seam && !seen[l] && l.enters(near) {
			seen[l] = true
			l.measure(f, o.edge.reach(), distances)
		}
	})
	var crossings []float64
	for row, lat := range f.lat {
		crossings = p.crossings(lat, crossings)
		passed := 0
		for col, lon := range f.lon {
			for passed < len(crossings) && crossings[passed] < lon {
				passed++
			}
			i := row*side + col
			outside := math.Sqrt(distances[i])
			if passed%2 == 1 {
				outside = -outside
			}
			w[i] = max(w[i], o.edge.weight(outside))
		}
	}
}

// measure lowers the squared distances, in metres, of the pixels within reach of l.
func (l *line) measure(f *frame, reach float64, distances *[side * side]float64) {
	within := grown(tiles.Box{
		West: min(l.a.Lon(), l.b.Lon()), South: min(l.a.Lat(), l.b.Lat()),
		East: max(l.a.Lon(), l.b.Lon()), North: max(l.a.Lat(), l.b.Lat()),
	}, reach)
	first, _ := slices.BinarySearch(f.lon[:], within.West)
	last, _ := slices.BinarySearch(f.lon[:], within.East)
	for row, lat := range f.lat {
		if lat < within.South || lat > within.North {
			continue
		}
		perLon := metresPerDegree * math.Cos(lat*math.Pi/180)
		alongX, alongY := (l.b.Lon()-l.a.Lon())*perLon, (l.b.Lat()-l.a.Lat())*metresPerDegree
		length := float64(alongX*alongX) + float64(alongY*alongY)
		fromY := (lat - l.a.Lat()) * metresPerDegree
		for col := first; col < last; col++ {
			fromX := (f.lon[col] - l.a.Lon()) * perLon
			t := min(max((float64(fromX*alongX)+float64(fromY*alongY))/length, 0), 1)
			x, y := fromX-float64(t*alongX), fromY-float64(t*alongY)
			i := row*side + col
			distances[i] = min(distances[i], float64(x*x)+float64(y*y))
		}
	}
}

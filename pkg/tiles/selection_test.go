package tiles

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// trial is a random region with what the oracle knows about it: all of it lies within reach degrees
// of centre.
type trial struct {
	name   string
	region Region
	oracle oracle
	centre orb.Point
	reach  float64
}

// trials makes the regions that a selection is tried on.
var trials = []struct {
	kind string
	make func(*rand.Rand) trial
}{
	{"corridor", func(r *rand.Rand) trial {
		return corridorTrial(shortPath(r), 1000+r.Float64()*60_000)
	}},
	{"corridor of the world", func(r *rand.Rand) trial {
		return corridorTrial(hugePath(r), math.Pow(10, 3+3*r.Float64()))
	}},
	{"corridor along the grid", func(r *rand.Rand) trial {
		return corridorTrial(gridPath(r), 10+r.Float64()*100_000)
	}},
	{"corridor of a standstill", func(r *rand.Rand) trial {
		return corridorTrial(standstill(r), 1000+r.Float64()*60_000)
	}},
	{"window", func(r *rand.Rand) trial { return windowTrial(shortPath(r)) }},
	{"window of the world", func(r *rand.Rand) trial { return windowTrial(hugePath(r)) }},
	{"window along the grid", func(r *rand.Rand) trial { return windowTrial(gridPath(r)) }},
	{"window of a standstill", func(r *rand.Rand) trial { return windowTrial(standstill(r)) }},
	{"corridor over a pole", func(r *rand.Rand) trial {
		return corridorTrial(polarPath(r), 1000+r.Float64()*1_000_000)
	}},
	{"window over a pole", func(r *rand.Rand) trial { return windowTrial(polarPath(r)) }},
	{"bbox", bboxTrial},
	{"polygons", polygonTrial},
	{"union", func(r *rand.Rand) trial {
		points := shortPath(r)
		a, b := corridorTrial(points, 30_000), windowTrial([]PathPoint{nearBy(r, points[0], 2)})
		return trial{a.name + " and " + b.name, Union{a.region, b.region},
			anyOf(a.oracle, b.oracle), a.centre, max(a.reach, b.reach+4)}
	}},
}

// The selection against brute force: on 1,000 random regions no texture is missing, and none too
// many beyond a metre. Filter and Grid agree to the texture.
func TestSelectionEqualsOracle(t *testing.T) {
	rounds := 1000/len(trials) + 1
	if testing.Short() {
		rounds = 6
	}
	for i, kind := range trials {
		t.Run(kind.kind, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(4, uint64(i)))
			for range rounds {
				checkTrial(t, kind.make(r))
				if t.Failed() {
					return
				}
			}
		})
	}
}

// checkTrial asks the oracle about every texture within reach, and about those beyond it that were
// selected.
func checkTrial(t *testing.T, c trial) {
	t.Helper()
	const most = 1200
	zl := ZL(15)
	for textures(c, zl) > most && zl > 8 {
		zl--
	}
	grid, err := Grid(t.Context(), c.region, zl, "BI")
	if err != nil {
		t.Fatal(err)
	}
	selected := make(map[Texture]bool)
	for _, tex := range grid {
		if selected[tex] {
			t.Errorf("%s: %v is selected twice", c.name, tex)
		}
		selected[tex] = true
	}
	all := around(c, zl)
	filtered, err := Filter(t.Context(), c.region, all)
	if err != nil {
		t.Fatal(err)
	}
	kept := make(map[Texture]bool)
	for _, tex := range filtered {
		kept[tex] = true
	}
	for _, tex := range all {
		switch said := c.oracle(tex.Box()); {
		case said == inside && !selected[tex]:
			t.Errorf("%s: %v is missing", c.name, tex)
		case said == outside && selected[tex]:
			t.Errorf("%s: %v is one too many", c.name, tex)
		case kept[tex] != selected[tex]:
			t.Errorf("%s: %v: selected from the grid: %v, from candidates: %v", c.name, tex,
				selected[tex], kept[tex])
		}
		delete(selected, tex)
	}
	for tex := range selected {
		if c.oracle(tex.Box()) == outside {
			t.Errorf("%s: %v, far away, is one too many", c.name, tex)
		}
	}
}

// rows and columns of textures at zl within reach of a trial's centre.
func extent(c trial, zl ZL) (north, south, west, wide uint32) {
	lat, side := c.centre.Lat(), uint32(1)<<(zl-4)
	north = At(orb.Point{0, lat + c.reach}, zl, "BI").Row / 16
	south = At(orb.Point{0, lat - c.reach}, zl, "BI").Row / 16
	reach := c.reach / math.Cos(min(math.Abs(lat)+c.reach, 89.9)*math.Pi/180)
	wide = side
	if reach < 170 {
		wide = min(side, uint32(2*reach/360*float64(side))+2)
	}
	return north, south, At(orb.Point{wrap(c.centre.Lon() - reach), lat}, zl, "BI").Col / 16, wide
}

func textures(c trial, zl ZL) int {
	north, south, _, wide := extent(c, zl)
	return int(south-north+1) * int(wide)
}

func around(c trial, zl ZL) []Texture {
	north, south, west, wide := extent(c, zl)
	side := uint32(1) << (zl - 4)
	var all []Texture
	for y := north; y <= south; y++ {
		for x := range wide {
			all = append(all, Texture{y * 16, (west + x) % side * 16, zl, "BI"})
		}
	}
	return all
}

func wrap(lon float64) float64 { return math.Remainder(lon, 360) }

func corridorTrial(points []PathPoint, width float64) trial {
	centre, reach := spread(points)
	return trial{
		fmt.Sprintf("corridor of %.1f m round %v", width, points), NewPath(points...).Corridor(
			width), corridorOracle(points, width),
		centre, reach + 1.1*width/111_000,
	}
}

func windowTrial(points []PathPoint) trial {
	centre, reach := spread(points)
	return trial{fmt.Sprintf("window round %v", points), NewPath(points...).Window(),
		windowOracle(points), centre, reach + 4}
}

// spread returns a circle, in degrees, that holds the path.
func spread(points []PathPoint) (centre orb.Point, reach float64) {
	way := 0.0
	for _, l := range oracleLegs(points) {
		way += l.metres
	}
	return points[0].Point, min(180, way/111_000)
}

func pathOf(points ...orb.Point) []PathPoint {
	path := make([]PathPoint, len(points))
	for i, p := range points {
		path[i] = PathPoint{Point: p}
	}
	return path
}

// somewhere is a place between 80° south and north, one time in four within a degree of the
// antimeridian.
func somewhere(r *rand.Rand) orb.Point {
	p := orb.Point{r.Float64()*360 - 180, r.Float64()*160 - 80}
	if r.IntN(4) == 0 {
		p[0] = wrap(179 + 2*r.Float64())
	}
	return p
}

func nearBy(r *rand.Rand, p PathPoint, degrees float64) PathPoint {
	lon, lat := p.Lon()+(2*r.Float64()-1)*degrees, p.Lat()+(2*r.Float64()-1)*degrees
	return PathPoint{Point: orb.Point{wrap(lon), min(max(lat, -84), 84)}}
}

// shortPath has one to four points some degrees apart, some of them twice.
func shortPath(r *rand.Rand) []PathPoint {
	path := pathOf(somewhere(r))
	for range r.IntN(4) {
		last := path[len(path)-1]
		if r.IntN(5) == 0 {
			path = append(path, last)
		} else {
			path = append(path, nearBy(r, last, 2))
		}
	}
	return path
}

// hugePath has legs of up to half the world.
func hugePath(r *rand.Rand) []PathPoint {
	path := pathOf(somewhere(r))
	for range 1 + r.IntN(2) {
		path = append(path, pathOf(somewhere(r))...)
	}
	return path
}

// gridPath runs exactly along the lines of the grid: meridians, the equator, from corner to corner.
func gridPath(r *rand.Rand) []PathPoint {
	const n = 64
	x, y := uint32(r.IntN(n)), uint32(1+r.IntN(n-2))
	from, along := corner(6, x, y), corner(6, x, uint32(1+r.IntN(n-2)))
	switch r.IntN(4) {
	case 0:
		along = corner(6, uint32(r.IntN(n)), y)
	case 1:
		from[1], along = 0, orb.Point{wrap(from[0] + 11.25*float64(r.IntN(8))), 0}
	}
	return pathOf(from, along)
}

// standstill is a path that goes nowhere: one point, once or several times.
func standstill(r *rand.Rand) []PathPoint {
	p := somewhere(r)
	if r.IntN(3) == 0 {
		p[1] = math.Copysign(80+r.Float64()*10, p[1])
	}
	path := pathOf(p)
	for range r.IntN(3) {
		path = append(path, path[0])
	}
	return path
}

// polarPath goes over a pole or past it.
func polarPath(r *rand.Rand) []PathPoint {
	pole := math.Copysign(1, r.Float64()-0.5)
	lon := r.Float64()*360 - 180
	other := wrap(lon + 180)
	switch r.IntN(3) {
	case 0:
		other = wrap(lon + 150 + 60*r.Float64())
	case 1:
		return pathOf(orb.Point{lon, pole * 70}, orb.Point{lon, pole * 90})
	}
	return pathOf(orb.Point{lon, pole * (60 + 29*r.Float64())},
		orb.Point{other, pole * (60 + 29*r.Float64())})
}

func bboxTrial(r *rand.Rand) trial {
	p := somewhere(r)
	west, south := p.Lon(), p.Lat()
	wide, high := math.Pow(10, -2+3.5*r.Float64()), math.Pow(10, -2+3.3*r.Float64())
	north := min(south+high, 90)
	east := west + min(wide, 359)
	if east > 180 {
		east -= 360
	}
	text := fmt.Sprintf("%.9f,%.9f,%.9f,%.9f", west, south, east, north)
	region, err := ParseBBox(text)
	if err != nil {
		panic(err)
	}
	reach := max(north-south, min(wide, 359)*math.Cos(p.Lat()*math.Pi/180))
	if math.Abs(north) > 60 || wide > 20 {
		reach = 180
	}
	return trial{"bbox " + text, region, bboxOracle(west, south, east, north), p, reach + 0.5}
}

// polygonTrial makes up to three stars of 8 to 40 points, that may overlap, with holes.
func polygonTrial(r *rand.Rand) trial {
	centre := somewhere(r)
	if r.IntN(3) == 0 {
		centre[0] = 180
	}
	centre[1] = min(max(centre[1], -75), 75)
	size := math.Pow(10, -1+1.5*r.Float64()) // up to 3°
	size = min(size, 80-math.Abs(centre[1]))
	var running, given orb.MultiPolygon
	for range 1 + r.IntN(3) {
		middle := orb.Point{centre[0] + (r.Float64()-0.5)*size, centre[1] + (r.Float64()-0.5)*size}
		polygon := orb.Polygon{star(r, middle, size, 0.5)}
		if r.IntN(2) == 0 {
			polygon = append(polygon, star(r, middle, size*0.45, 0.3))
		}
		running = append(running, polygon)
		var written orb.Polygon
		for _, ring := range polygon {
			written = append(written, make(orb.Ring, 0, len(ring)))
			for _, p := range ring {
				written[len(written)-1] = append(written[len(written)-1],
					orb.Point{wrap(p[0]), p[1]})
			}
		}
		given = append(given, written)
	}
	return trial{fmt.Sprintf("polygons %v", given), Polygons(given), polygonOracle(running), centre,
		2*size + 0.1}
}

// star is a closed ring round p whose points are between inner·size and size away.
func star(r *rand.Rand, p orb.Point, size, inner float64) orb.Ring {
	n := 8 + r.IntN(33)
	var ring orb.Ring
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		far := size * (inner + (1-inner)*r.Float64())
		ring = append(ring, orb.Point{p[0] + far*cos, p[1] + far*sin})
	}
	return append(ring, ring[0])
}

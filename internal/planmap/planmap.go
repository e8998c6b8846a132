// Package planmap draws a plan of textures, or the content of an archive, as a self-contained web
// page or as a picture.
//
//	m := planmap.Map{Title: "LSGG–LFMN", Items: items, Routes: paths, Facts: facts}
//	err := m.WriteHTML(w) // or m.WritePNG(w)
//
// Both show coastlines, the routes as great circles, the outline of the selected area, the cells
// that X-Plane loads, and every texture, coloured by zoom level and detail, with a legend and
// totals. The page needs no network and no other file. Nothing from users or files is treated as
// markup or script.
//
// A Map is read-only; its methods are safe for concurrent use.
package planmap

import (
	"cmp"
	"image"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Map is what is drawn.
type Map struct {
	Title  string           // such as the route's file name
	Items  []tiles.Item     // in any order
	Routes []*tiles.Path    // may be none
	Area   orb.MultiPolygon // the selected area, from tiles.Outline; may be empty
	Cells  []tiles.Cell     // cells that X-Plane loads; may be none
	Facts  []Fact           // totals, shown in this order

	Kind  string          // what is drawn, one word; default "plan"
	Holes []tiles.Texture // those of Items with holes: marked
	// when those of Items were taken, as far as that is known: by the days
	Taken   map[string][]tiles.Texture
	Imagery *Imagery // drawn where Items are; nil: colours only
}

// Imagery is a picture of the ground, north up, in Web Mercator.
type Imagery struct {
	Image *image.RGBA
	// The edges as fractions of the world's width and height, from its north-west corner.
	West, North, East, South float64
}

func (m Map) kind() string { return cmp.Or(m.Kind, "plan") }

// Fact is a line of the totals, such as "download" and "about 3.1 GB".
type Fact struct{ Name, Text string }

// Points are drawn in Web Mercator with the world 1 wide and 1 high: x grows eastwards from the
// antimeridian, y southwards. Shapes that cross the antimeridian have x beyond 1.

// place returns where p is drawn.
func place(p orb.Point) orb.Point {
	lat := min(max(p.Lat(), -tiles.MaxLatitude), tiles.MaxLatitude)
	return orb.Point{(p.Lon() + 180) / 360, (1 - math.Asinh(math.Tan(lat*math.Pi/180))/math.Pi) / 2}
}

// class is the textures of one zoom level, detail and maptype.
type class struct {
	zl      tiles.ZL
	detail  uint8
	maptype string
	runs    []run
}

// run is a row of adjacent textures, counted in textures of their zoom level.
type run struct{ row, col, n uint32 }

// side returns the width of the world in textures of the class.
func (c class) side() float64 { return float64(uint32(1) << (c.zl - 4)) }

// classes groups items, low zoom levels first, so that sharper textures are drawn over them.
func classes(items []tiles.Item) []class {
	sorted := slices.Clone(items)
	slices.SortFunc(sorted, func(a, b tiles.Item) int {
		return cmp.Or(cmp.Compare(a.ZL, b.ZL), cmp.Compare(a.Detail, b.Detail),
			cmp.Compare(a.Maptype, b.Maptype), a.Compare(b.Texture))
	})
	var all []class
	for _, it := range sorted {
		if n := len(all); n == 0 || all[n-1].zl != it.ZL || all[n-1].detail != it.Detail ||
			all[n-1].maptype != it.Maptype {
			all = append(all, class{zl: it.ZL, detail: it.Detail, maptype: it.Maptype})
		}
		c := &all[len(all)-1]
		row, col := it.Row/tiles.TextureChunks, it.Col/tiles.TextureChunks
		if n := len(c.runs); n > 0 && c.runs[n-1].row == row &&
			c.runs[n-1].col+c.runs[n-1].n == col {
			c.runs[n-1].n++
		} else {
			c.runs = append(c.runs, run{row, col, 1})
		}
	}
	return all
}

// routeStep is how many metres apart a great circle's points are drawn.
const routeStep = 20_000

// lines returns the routes as flown, and as stops the points that define them.
func (m Map) lines() (flown, stops []orb.LineString) {
	for _, path := range m.Routes {
		if line := path.Points(routeStep); len(line) > 0 {
			flown = append(flown, drawn(line))
			stops = append(stops, drawn(path.Points(math.Inf(1))))
		}
	}
	return flown, stops
}

// drawn projects a line, in one piece across the antimeridian.
func drawn(line orb.LineString) orb.LineString {
	placed := make(orb.LineString, len(line))
	for i, p := range line {
		placed[i] = place(p)
		if i > 0 {
			placed[i][0] = placed[i-1][0] + math.Remainder(placed[i][0]-placed[i-1][0], 1)
		}
	}
	return placed
}

// rings returns the area's outlines.
func (m Map) rings() []orb.Ring {
	var rings []orb.Ring
	for _, polygon := range m.Area {
		for _, ring := range polygon {
			placed := make(orb.Ring, len(ring))
			for i, p := range ring {
				placed[i] = place(p)
			}
			rings = append(rings, placed)
		}
	}
	return rings
}

// cells returns the outline of every cell.
func (m Map) cells() []orb.LineString {
	lines := make([]orb.LineString, len(m.Cells))
	for i, c := range m.Cells {
		b := c.Box()
		nw, se := place(orb.Point{b.West, b.North}), place(orb.Point{b.East, b.South})
		lines[i] = orb.LineString{nw, {se[0], nw[1]}, se, {nw[0], se[1]}, nw}
	}
	return lines
}

// extent returns the rectangle around everything, in one piece: its x starts in [0, 1) and may end
// beyond 1.
func extent(all []class, flown []orb.LineString, rings []orb.Ring) orb.Bound {
	south, north := math.Inf(-1), math.Inf(1)
	var spans []span
	add := func(b orb.Bound) {
		north, south = min(north, b.Min.Y()), max(south, b.Max.Y())
		spans = append(spans, span{b.Min.X(), b.Max.X()})
	}
	for _, c := range all {
		for _, r := range c.runs {
			add(c.bound(r))
		}
	}
	for _, line := range flown {
		add(line.Bound())
	}
	for _, ring := range rings {
		add(ring.Bound())
	}
	if len(spans) == 0 {
		return orb.Bound{Max: orb.Point{1, 1}}
	}
	east := joined(spans)
	return orb.Bound{Min: orb.Point{east.from, north}, Max: orb.Point{east.to, south}}
}

func (c class) bound(r run) orb.Bound {
	side := c.side()
	return orb.Bound{
		Min: orb.Point{float64(r.col) / side, float64(r.row) / side},
		Max: orb.Point{float64(r.col+r.n) / side, float64(r.row+1) / side},
	}
}

// Around returns the smallest box around boxes, of which there must be at least one. West is
// greater than East if it crosses the antimeridian.
func Around(boxes []tiles.Box) tiles.Box {
	all := boxes[0]
	spans := make([]span, len(boxes))
	for i, b := range boxes {
		all.South, all.North = min(all.South, b.South), max(all.North, b.North)
		spans[i] = span{b.West/360 + 0.5, b.East/360 + 0.5}
	}
	east := joined(spans)
	if east.to > 1 {
		east.to--
	}
	all.West, all.East = 360*east.from-180, 360*east.to-180
	return all
}

// span is an interval of x.
type span struct{ from, to float64 }

// joined returns the shortest interval round the world that contains all of spans: everything
// except the widest gap.
func joined(spans []span) span {
	for i, s := range spans {
		if s.to-s.from >= 1 {
			return span{0, 1}
		}
		whole := math.Floor(s.from)
		spans[i] = span{s.from - whole, s.to - whole}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	reached := spans[0].to
	for _, s := range spans {
		reached = max(reached, s.to)
	}
	reached-- // the part beyond 1 covers the start of the world
	widest := span{0, 0}
	for _, s := range spans {
		if s.from-reached > widest.to-widest.from {
			widest = span{reached, s.from}
		}
		reached = max(reached, s.to)
	}
	if widest.to == widest.from {
		return span{0, 1}
	}
	return span{widest.to, widest.from + 1}
}

// Package follow works out what lies ahead of the aircraft: the textures of the cells that X-Plane
// will load next, in the order in which it will ask for them.
//
//	f := follow.New(follow.Options{Textures: named, Has: has, Ahead: fsys.Ahead})
//	position.Follow(ctx, o, f.See)
//
// X-Plane loads a whole cell of 1° × 1° once its near edge comes within some 1.6 to 2.5 degrees of
// latitude, or as far on the ground in longitude. What it has left out so far is ordered only if the
// course comes nearer: at rest, once X-Plane has loaded, that is nothing. What is ordered here is
// speculative: nothing is ordered during take-off, in a replay, and while X-Plane loads.
package follow

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"github.com/xelpack/xelpack/internal/position"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	// nearest and farthest are the distances, in degrees of latitude, between which rows and columns
	// of cells have been seen loaded.
	nearest, farthest = 1.6, tiles.WindowDegrees
	// worth is the chance to be loaded on the course from which on a cell is worth its requests, and
	// soon the chance at a place of it from which on the cell must be there: a row of cells that is
	// waited for is worse than one too many.
	worth, soon = 0.3, 0.05
	// early is how much earlier than that a cell is to be there, and pace how many textures a
	// second are counted on: what is not needed yet is left, since a turn may come before.
	early = 150 * time.Second
	pace  = 5
	// horizon is how far ahead on the course cells are looked for, in degrees of latitude.
	horizon = 2.0
	steps   = 20
	// taxi is the speed in metres a second below which an aircraft on the ground taxies: 40 kt.
	taxi = 20.6
	// safe is the height in metres above which take-off is over, and settled how long it takes at
	// most.
	safe    = 305
	settled = 90 * time.Second
	// often is how often the order is made anew, and most how many textures are in it at least
	// before more cells are left out.
	often = 2 * time.Second
	most  = 4000

	metresPerDegree = 111_195
)

// Options say what there is, and where orders go.
type Options struct {
	Textures iter.Seq[tiles.Texture] // that the scenery names
	Has      func(tiles.Key) bool    // whether it is there already
	Ahead    func([]tiles.Texture)   // takes an order in place of the one before
}

// Follower makes orders.
type Follower struct {
	o Options

	mu      sync.Mutex
	cells   map[tiles.Cell][]tiles.Texture // nil before the first state: there may be a million
	flying  bool                           // not on the ground since landing or take-off
	rolling time.Time                      // since when take-off lasts; zero: it does not
	ordered time.Time
	view    View
	made    map[tiles.Cell]bool // ordered ever: that they are there tells nothing of X-Plane
	rows    leftOut             // by latitude
	columns leftOut             // by longitude
}

// View is what is known of the aircraft and of what lies ahead, for people.
type View struct {
	From   string  `json:"from"` // where the position comes from
	Lat    float64 `json:"lat"`
	Lon    float64 `json:"lon"`
	Track  float64 `json:"track"`
	Text   string  `json:"text"`
	Quiet  string  `json:"quiet"` // why nothing is ordered; "": it is
	Ahead  int     `json:"ahead"` // textures in the order
	Cells  []Cell  `json:"cells"` // that X-Plane will load next, the first of them first
	silent bool    // no simulator answers
}

// Cell is a cell that lies ahead.
type Cell struct {
	Lat      int `json:"lat"`
	Lon      int `json:"lon"`
	Textures int `json:"textures"` // that are not there yet
}

// New makes a Follower.
func New(o Options) *Follower { return &Follower{o: o, view: View{silent: true}} }

// From takes up that the position comes from that source or, for "", from none any more: nothing
// lies ahead then.
func (f *Follower) From(from string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.view = View{From: from, silent: true}
	f.o.Ahead(nil)
}

// See takes up where the aircraft is.
func (f *Follower) See(s position.State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fly(s)
	if !s.New && s.When.Sub(f.ordered) < often {
		return
	}
	f.ordered = s.When
	f.view = View{From: f.view.From, Lat: s.At.Lat(), Lon: s.At.Lon(), Track: s.Track, Text: s.String(),
		Quiet: f.silence(s), Cells: []Cell{}}
	var order []tiles.Texture
	if f.view.Quiet == "" {
		order = f.order(s)
	}
	f.view.Ahead = len(order)
	f.o.Ahead(order)
}

// fly keeps the phase of the flight.
func (f *Follower) fly(s position.State) {
	if s.New {
		f.flying, f.rolling = !s.OnGround, time.Time{}
	}
	switch {
	case s.OnGround && s.Speed < taxi:
		f.flying, f.rolling = false, time.Time{}
	case !f.flying && f.rolling.IsZero():
		f.rolling = s.When
	case !f.flying && (s.Height >= safe || s.When.Sub(f.rolling) >= settled):
		f.flying, f.rolling = true, time.Time{}
	}
}

// silence returns why nothing is to be ordered now, or "".
func (f *Follower) silence(s position.State) string {
	switch {
	case s.Replay:
		return "replay"
	case s.Loading:
		return "X-Plane loads"
	case !f.rolling.IsZero():
		return "take-off"
	}
	return ""
}

// needed is a cell with when it must be there, in steps along the course.
type needed struct {
	cell tiles.Cell
	at   int
	gap  float64 // from the aircraft now
}

// order returns the textures ahead that are not there yet, of the cells that are to be made now:
// those of the cells that are needed first, nearest first.
func (f *Follower) order(s position.State) (order []tiles.Texture) {
	f.sort()
	f.learn(s)
	course := []orb.Point{s.At}
	const step = horizon * metresPerDegree / steps
	if s.Speed > taxi {
		for i := range steps {
			course = append(course, geo.PointAtBearingAndDistance(s.At, s.Track, float64(i+1)*step))
		}
	}
	var cells []needed
	for c := range around(s.At) {
		if len(f.cells[c]) == 0 {
			continue
		}
		if chance, at := f.expect(c, course); chance >= worth {
			lat, lon := c.Gap(s.At)
			cells = append(cells, needed{c, at, max(lat, lon)})
		}
	}
	slices.SortFunc(cells, func(a, b needed) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.gap, b.gap),
			cmp.Compare(a.cell.Lat, b.cell.Lat), cmp.Compare(a.cell.Lon, b.cell.Lon))
	})
	taken := make(map[tiles.Key]bool)
	fresh := make([][]tiles.Texture, 0, len(cells)) // of each cell
	count, keep := 0, 0
	for _, n := range cells {
		if count >= most {
			break
		}
		var list []tiles.Texture
		for _, t := range f.cells[n.cell] {
			if k := t.Key(); !taken[k] && !f.o.Has(k) {
				taken[k] = true
				list = append(list, t)
			}
		}
		fresh, count = append(fresh, list), count+len(list)
		// what lies before it is made first
		if float64(n.at)*step <= s.Speed*(early.Seconds()+float64(count)/pace) {
			keep = len(fresh)
		}
	}
	for i, list := range fresh[:keep] {
		if len(list) == 0 {
			continue
		}
		c := cells[i].cell
		f.made[c] = true
		f.view.Cells = append(f.view.Cells, Cell{c.Lat, c.Lon, len(list)})
		slices.SortStableFunc(list, func(a, b tiles.Texture) int {
			return cmp.Compare(geo.DistanceHaversine(s.At, a.Center()), geo.DistanceHaversine(s.At, b.Center()))
		})
		order = append(order, list...)
	}
	return order
}

// sort puts the textures into their cells, once.
func (f *Follower) sort() {
	if f.cells != nil {
		return
	}
	f.cells = make(map[tiles.Cell][]tiles.Texture)
	for t := range f.o.Textures {
		for c := range t.Box().Cells() {
			f.cells[c] = append(f.cells[c], t)
		}
	}
}

// learn takes up which rows and columns X-Plane has left out, though it has loaded here: what it
// loads depends on the place alone, so they are not loaded before they come nearer.
func (f *Follower) learn(s position.State) {
	if s.New || f.made == nil {
		f.made, f.rows, f.columns = map[tiles.Cell]bool{}, leftOut{}, leftOut{}
	}
	below := tiles.Cell{Lat: int(math.Floor(s.At.Lat())), Lon: int(math.Floor(s.At.Lon()))}
	if f.lacks(below) {
		return // nothing was loaded yet
	}
	rows, columns := leftOut{}, leftOut{}
	for c := range around(s.At) {
		lat, lon := c.Gap(s.At)
		if max(lat, lon) > farthest || len(f.cells[c]) == 0 || f.made[c] {
			continue
		}
		switch {
		case lat > nearest && lon <= nearest:
			rows.see(c.Lat, lat, f.lacks(c))
		case lon > nearest && lat <= nearest:
			columns.see(c.Lon, lon, f.lacks(c))
		}
	}
	f.rows.learn(rows)
	f.columns.learn(columns)
}

// leftOut has the distance of the rows or columns that X-Plane has left out; 0: of no use.
type leftOut map[int]float64

// see takes up one cell. A row of which X-Plane has loaded one was not left out: the others may
// have no mesh.
func (l leftOut) see(line int, distance float64, lacks bool) {
	if _, seen := l[line]; !lacks {
		l[line] = 0
	} else if !seen {
		l[line] = distance
	}
}

// learn keeps the least distance of each.
func (l leftOut) learn(now leftOut) {
	for line, distance := range now {
		if distance > 0 {
			l[line] = min(distance, l.of(line))
		}
	}
}

// of returns the distance within which the row or column may be loaded.
func (l leftOut) of(line int) float64 { return cmp.Or(l[line], farthest) }

// lacks reports whether most textures of the cell are not there.
func (f *Follower) lacks(c tiles.Cell) bool {
	there := 0
	for _, t := range f.cells[c] {
		if f.o.Has(t.Key()) {
			there++
		}
	}
	return 2*there < len(f.cells[c])
}

// expect returns the chance that the cell is loaded on the course, and the first of its places where
// it must be there. A row and a column have distances of their own, and a cell is loaded within
// both.
func (f *Follower) expect(c tiles.Cell, course []orb.Point) (chance float64, first int) {
	first = len(course)
	var row, column []float64
	for i, p := range course {
		lat, lon := c.Gap(p)
		row = append(row, within(lat, f.rows.of(c.Lat)))
		column = append(column, within(lon, f.columns.of(c.Lon)))
		if row[i]*column[i] >= soon {
			first = min(first, i)
		}
	}
	if row[0] > row[len(row)-1] {
		slices.Reverse(row)
		slices.Reverse(column)
	}
	before := 0.0
	for i := range row { // the nearer the row the more of its distances are reached, each once
		chance += max(0, row[i]-before) * slices.Max(column[i:])
		before = max(before, row[i])
	}
	return chance, first
}

// within returns the chance that a row or column is loaded at a distance if it was left out at
// another.
func within(distance, other float64) float64 {
	switch {
	case distance >= other:
		return 0
	case distance <= nearest:
		return 1
	}
	return (other - distance) / (other - nearest)
}

// around yields the cells that may be loaded from p or from where it leads.
func around(p orb.Point) iter.Seq[tiles.Cell] {
	const reach = farthest + horizon
	return func(yield func(tiles.Cell) bool) {
		for lat := int(math.Floor(p.Lat() - reach)); float64(lat) <= p.Lat()+reach; lat++ {
			across := min(180, reach/max(0.05, math.Cos(p.Lat()*math.Pi/180)))
			for lon := int(math.Floor(p.Lon() - across)); float64(lon) < p.Lon()+across; lon++ {
				// longitudes from -180 to 179
				if !yield(tiles.Cell{Lat: lat, Lon: (lon%360+540)%360 - 180}) {
					return
				}
			}
		}
	}
}

// View returns what is known now, or nil while no simulator answers. A nil Follower follows none.
func (f *Follower) View() *View {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if v := f.view; !v.silent {
		return &v
	}
	return nil
}

// String describes the view on one line.
func (v View) String() string {
	if v.Quiet != "" {
		return "aircraft " + v.Text + ", waiting: " + v.Quiet
	}
	return "aircraft " + v.Text + ", " + units.Plural(v.Ahead, "texture") + " ahead"
}

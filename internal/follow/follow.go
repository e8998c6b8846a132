// Package follow works out what lies ahead of the aircraft: the textures of the cells that X-Plane
// will load next, in the order in which it will ask for them.
//
//	f := follow.New(follow.Options{Textures: named, Packed: packed, Ahead: fsys.Ahead})
//	position.Follow(ctx, o, f.See)
//
// X-Plane loads a whole cell of 1° × 1° once its near edge comes within some 1.6 to 2.5 degrees of
// latitude, or as far on the ground in longitude. What is ordered here is speculative: nothing is
// ordered during take-off, in a replay, and while X-Plane loads.
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
	// likely is the distance, in degrees of latitude, within which three of four cells have been
	// loaded: those that never come so near on the course are not worth their requests.
	likely = 2.25
	// lookAhead is how far ahead on the course cells are looked for: long enough to make a row of
	// them.
	lookAhead = 10 * time.Minute
	steps     = 10
	// taxi is the speed in metres a second below which an aircraft on the ground taxies: 40 kt.
	taxi = 20.6
	// safe is the height in metres above which take-off is over, and settled how long it takes at
	// most.
	safe    = 305
	settled = 90 * time.Second
	// often is how often the order is made anew, and most how many textures are in it at most:
	// more than are made until the next.
	often = 2 * time.Second
	most  = 1000

	farthest        = 2.0 // degrees of latitude ahead, at most
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

// needed is a cell with when it will be loaded, in steps along the course.
type needed struct {
	cell tiles.Cell
	at   int
	gap  float64 // from the aircraft now
}

// order returns the textures ahead that are not there yet: those of the cells that are needed
// first, nearest first.
func (f *Follower) order(s position.State) (order []tiles.Texture) {
	f.sort()
	course := []orb.Point{s.At}
	if s.Speed > taxi {
		step := min(farthest*metresPerDegree, s.Speed*lookAhead.Seconds()) / steps
		for i := range steps {
			course = append(course, geo.PointAtBearingAndDistance(s.At, s.Track, float64(i+1)*step))
		}
	}
	var cells []needed
	for c := range around(s.At) {
		if len(f.cells[c]) == 0 {
			continue
		}
		n := needed{c, len(course), gap(c, s.At)}
		near := math.Inf(1)
		for i, p := range course {
			g := gap(c, p)
			near = min(near, g)
			if g <= tiles.WindowDegrees {
				n.at = min(n.at, i)
			}
		}
		if near <= likely {
			cells = append(cells, n)
		}
	}
	slices.SortFunc(cells, func(a, b needed) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.gap, b.gap),
			cmp.Compare(a.cell.Lat, b.cell.Lat), cmp.Compare(a.cell.Lon, b.cell.Lon))
	})
	taken := make(map[tiles.Key]bool)
	for _, n := range cells {
		first := len(order)
		if first >= most {
			break
		}
		for _, t := range f.cells[n.cell] {
			if k := t.Key(); !taken[k] && !f.o.Has(k) {
				taken[k] = true
				order = append(order, t)
			}
		}
		if len(order) > first {
			f.view.Cells = append(f.view.Cells, Cell{n.cell.Lat, n.cell.Lon, len(order) - first})
		}
		slices.SortStableFunc(order[first:], func(a, b tiles.Texture) int {
			return cmp.Compare(geo.DistanceHaversine(s.At, a.Center()), geo.DistanceHaversine(s.At, b.Center()))
		})
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

// gap returns how far p is from the cell, in degrees of latitude: the larger of both axes.
func gap(c tiles.Cell, p orb.Point) float64 {
	lat, lon := c.Gap(p)
	return max(lat, lon)
}

// around yields the cells that may be loaded from p or from where it leads.
func around(p orb.Point) iter.Seq[tiles.Cell] {
	const reach = likely + farthest
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

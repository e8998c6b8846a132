package follow

import (
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/position"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// country is a grid of textures, one in the middle of each cell.
func country(box tiles.Box) (all []tiles.Texture) {
	for lat := box.South; lat < box.North; lat++ {
		for lon := box.West; lon < box.East; lon++ {
			all = append(all, tiles.At(orb.Point{lon + 0.5, lat + 0.5}, 16, "BI"))
		}
	}
	return all
}

// cellsOf returns the cells of an order, in its order.
func cellsOf(order []tiles.Texture) (cells []string) {
	for _, t := range order {
		c := t.Center()
		name := tiles.Cell{Lat: int(c.Lat()), Lon: int(c.Lon())}.String()
		if !slices.Contains(cells, name) {
			cells = append(cells, name)
		}
	}
	return cells
}

func follower(order *[]tiles.Texture, has ...tiles.Key) *Follower {
	return New(Options{
		Textures: slices.Values(country(tiles.Box{West: 0, South: 40, East: 30, North: 55})),
		Has:      func(k tiles.Key) bool { return slices.Contains(has, k) },
		Ahead:    func(o []tiles.Texture) { *order = o },
	})
}

var start = time.Unix(1e9, 0)

// cruising is an aircraft at 250 kt.
func cruising(lon, lat, track float64) position.State {
	return position.State{At: orb.Point{lon, lat}, Track: track, Speed: 128.6, Height: 8000, When: start, New: true}
}

func TestOrder(t *testing.T) {
	for name, c := range map[string]struct {
		s         position.State
		have, not []string // cells
		before    [2]string
	}{
		"north":   {cruising(15.5, 45.5, 0), []string{"+48+015", "+48+014"}, []string{"+49+015", "+42+015"}, [2]string{"+47+015", "+48+015"}},
		"east":    {cruising(15.5, 45.5, 90), []string{"+45+018", "+45+019"}, []string{"+45+011", "+49+015"}, [2]string{"+45+017", "+45+019"}},
		"parked":  {position.State{At: orb.Point{15.5, 45.5}, OnGround: true, When: start, New: true}, []string{"+45+015", "+47+015"}, []string{"+48+015"}, [2]string{"+45+015", "+46+015"}},
		"a coast": {cruising(29.5, 45.5, 90), []string{"+45+029"}, nil, [2]string{"+45+029", "+46+028"}},
	} {
		t.Run(name, func(t *testing.T) {
			var order []tiles.Texture
			follower(&order).See(c.s)
			cells := cellsOf(order)
			for _, want := range c.have {
				if !slices.Contains(cells, want) {
					t.Errorf("%s is not ordered: %v", want, cells)
				}
			}
			for _, not := range c.not {
				if slices.Contains(cells, not) {
					t.Errorf("%s is ordered: %v", not, cells)
				}
			}
			if a, b := slices.Index(cells, c.before[0]), slices.Index(cells, c.before[1]); a < 0 || b < a {
				t.Errorf("%v are not in this order: %v", c.before, cells)
			}
		})
	}
}

// What X-Plane has left out is ordered only when the course comes nearer; one cell without a mesh
// tells nothing of its row.
func TestLeftOut(t *testing.T) {
	loaded := tiles.Box{West: 13, South: 43, East: 18, North: 48}
	var has []tiles.Key
	for _, x := range country(loaded) {
		if c := x.Center(); c.Lat() < 47 || c.Lon() > 14 { // not +47+013
			has = append(has, x.Key())
		}
	}
	for name, c := range map[string]struct {
		s         position.State
		have, not []string
	}{
		"parked": {position.State{At: orb.Point{15.5, 45.5}, OnGround: true, When: start, New: true},
			nil, []string{"+45+012", "+45+018", "+48+015", "+42+015"}},
		"north": {cruising(15.5, 45.5, 0), []string{"+48+015", "+47+013"}, []string{"+45+012", "+45+018", "+48+012", "+42+015"}},
		"east":  {cruising(15.5, 45.5, 90), []string{"+45+018", "+47+013"}, []string{"+45+012", "+48+015"}},
	} {
		t.Run(name, func(t *testing.T) {
			var order []tiles.Texture
			follower(&order, has...).See(c.s)
			cells := cellsOf(order)
			for _, want := range c.have {
				if !slices.Contains(cells, want) {
					t.Errorf("%s is not ordered: %v", want, cells)
				}
			}
			for _, not := range c.not {
				if slices.Contains(cells, not) {
					t.Errorf("%s is ordered: %v", not, cells)
				}
			}
		})
	}
}

// What is packed is not ordered, and the order is made anew every two seconds.
func TestHasAndOften(t *testing.T) {
	at := tiles.At(orb.Point{15.5, 46.5}, 16, "BI")
	var order []tiles.Texture
	f := follower(&order, at.Key())
	s := cruising(15.5, 45.5, 0)
	f.See(s)
	if len(order) == 0 || slices.Contains(order, at) {
		t.Errorf("%d textures, with the packed one: %v", len(order), slices.Contains(order, at))
	}
	order = nil
	s.New = false
	s.When = s.When.Add(time.Second)
	if f.See(s); order != nil {
		t.Error("ordered again after a second")
	}
	s.When = s.When.Add(time.Second)
	if f.See(s); order == nil {
		t.Error("not ordered again after two seconds")
	}
}

// TestSilence flies: nothing is ordered during take-off, in a replay and while X-Plane loads.
func TestSilence(t *testing.T) {
	var order []tiles.Texture
	f := follower(&order)
	now := start
	see := func(speed, height float64, ground, replay, loading bool) bool {
		now = now.Add(5 * time.Second)
		f.See(position.State{At: orb.Point{15.5, 45.5}, Speed: speed, Height: height, OnGround: ground,
			Replay: replay, Loading: loading, When: now, New: now.Equal(start.Add(5 * time.Second))})
		return len(order) > 0
	}
	for i, step := range []struct {
		speed, height           float64
		ground, replay, loading bool
		want                    bool
	}{
		{0, 0, true, false, true, false},
		{0, 0, true, false, false, true},
		{5, 0, true, false, false, true},
		{50, 0, true, false, false, false}, // take-off
		{80, 200, false, false, false, false},
		{90, 310, false, false, false, true},
		{90, 200, false, false, false, true}, // flying low is no take-off
		{120, 3000, false, false, true, false},
		{120, 3000, false, true, false, false},
		{120, 3000, false, false, false, true},
		{60, 0, true, false, false, true}, // rolls out
		{5, 0, true, false, false, true},
		{50, 0, true, false, false, false}, // off again
	} {
		if got := see(step.speed, step.height, step.ground, step.replay, step.loading); got != step.want {
			t.Errorf("step %d %+v: ordered %v", i, step, got)
		}
	}
	for range 18 { // take-off lasts 90 s at most
		see(50, 0, true, false, false)
	}
	if !see(50, 0, true, false, false) {
		t.Error("still waiting for the end of take-off")
	}
}

// Package position knows where the aircraft is while it flies: from X-Plane's Web API or, where
// that is not to be had, from its UDP service (RREF).
//
//	position.Follow(ctx, position.Options{Mode: position.Auto}, func(s position.State) { … })
//
// Follow is silent while no simulator runs, and connects again whenever one does.
package position

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"github.com/xelpack/xelpack/internal/usage"
)

// State is what is known of the flight at one moment.
type State struct {
	At       orb.Point
	Track    float64 // over ground, in degrees true; without meaning near standstill
	Speed    float64 // over ground, in metres a second
	Height   float64 // above ground, in metres
	OnGround bool
	Replay   bool
	Loading  bool // X-Plane loads scenery in the background
	When     time.Time
	New      bool // the aircraft was put here: the states before are of another flight
}

// Mode is how the position is had.
type Mode string

// The modes.
const (
	Auto Mode = "auto" // the Web API, or else RREF
	Web  Mode = "web"
	RREF Mode = "rref"
	Off  Mode = "off"
)

// Options say how the position is had.
type Options struct {
	Mode    Mode
	WebAt   string            // address of the Web API; "": 127.0.0.1:8086
	RREFAt  string            // address of the UDP service; "": 127.0.0.1:49000
	Note    func(string)      // for what the user can change, once each
	Changed func(from string) // called with the source when it answers, and "" when it is lost; may be nil

	Pause   time.Duration // before a connection that was lost or refused is tried again; 0: 5 s
	Silence time.Duration // without a value, after which the link counts as lost; 0: 15 s
}

// Parse reads "auto", "web", "rref" or "off"; web and rref may be followed by the address of an
// X-Plane that was moved from the usual one, as in web:127.0.0.1:8088.
func Parse(s string) (o Options, err error) {
	mode, at, moved := strings.Cut(s, ":")
	o.Mode = Mode(mode)
	if host, port, err := net.SplitHostPort(at); moved && (o.Mode == Web || o.Mode == RREF) {
		if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 || host == "" {
			return o, usage.Errorf("unknown %q (want %s:HOST:PORT)", s, o.Mode)
		}
	}
	switch {
	case o.Mode == Web && moved:
		o.WebAt = at
	case o.Mode == RREF && moved:
		o.RREFAt = at
	case moved, o.Mode != Auto && o.Mode != Web && o.Mode != RREF && o.Mode != Off:
		return o, usage.Errorf("unknown %q (want auto, web, rref or off, or web:HOST:PORT or "+
			"rref:HOST:PORT)", s)
	}
	return o, nil
}

var (
	errAbsent  = errors.New("no simulator answers")
	errRefused = errors.New("X-Plane refuses connections: switch off \"Disable Incoming Traffic\" in " +
		"its Settings › Network, so that textures can be made ahead of the aircraft")
)

// usualWeb is where X-Plane's Web API is unless its user has moved it.
const usualWeb = "127.0.0.1:8086"

// Follow delivers states until the context ends.
func Follow(ctx context.Context, o Options, deliver func(State)) {
	o.WebAt = cmp.Or(o.WebAt, usualWeb)
	o.RREFAt = cmp.Or(o.RREFAt, "127.0.0.1:49000")
	o.Pause, o.Silence = cmp.Or(o.Pause, 5*time.Second), cmp.Or(o.Silence, 15*time.Second)
	said := false
	for ctx.Err() == nil {
		var c checker
		check := func(s State) {
			if s, ok := c.check(s); ok {
				deliver(s)
			}
		}
		err := errAbsent
		if o.Mode != RREF {
			err = web(ctx, o, check)
		}
		if o.Mode == RREF || o.Mode == Auto && (errors.Is(err, errAbsent) || errors.Is(err, errRefused)) {
			// with traffic disabled RREF is silent too, but it costs nothing to ask
			if errUDP := rref(ctx, o, check); !errors.Is(errUDP, errAbsent) {
				err = errUDP
			}
		}
		if errors.Is(err, errRefused) && !said && o.Note != nil {
			o.Note(err.Error())
			said = true
		}
		if o.Changed != nil && !errors.Is(err, errAbsent) {
			o.Changed("")
		}
		select {
		case <-ctx.Done():
		case <-time.After(o.Pause):
		}
	}
}

// checker refuses what cannot be.
type checker struct {
	last  State
	known bool
	leap  State // the latest place that was too far away
	leaps int
}

// confirm is how many states in a row make a leap a new flight.
const confirm = 3

// check returns s if it can be the next state. A place that cannot have been reached is refused
// until some more states agree with it.
func (c *checker) check(s State) (State, bool) {
	if !finite(s.At[0], s.At[1], s.Track, s.Speed, s.Height) || math.Abs(s.At.Lat()) > 90 ||
		math.Abs(s.At.Lon()) > 180 || s.At == (orb.Point{}) {
		return s, false
	}
	if !c.known || reachable(c.last, s) {
		s.New = !c.known
		c.last, c.known, c.leaps = s, true, 0
		return s, true
	}
	if c.leaps > 0 && reachable(c.leap, s) {
		c.leaps++
	} else {
		c.leaps = 1
	}
	if c.leap = s; c.leaps < confirm {
		return s, false
	}
	s.New = true
	c.last, c.leaps = s, 0
	return s, true
}

// reachable reports whether an aircraft can be at a and then at b: at no more than 10 km/s.
func reachable(a, b State) bool {
	const fastest, slack = 10e3, 1e3
	return geo.DistanceHaversine(a.At, b.At) <= fastest*b.When.Sub(a.When).Seconds()+slack
}

func finite(values ...float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// refs are the datarefs, in the order of their numbers here.
var refs = [...]string{
	latitude:  "sim/flightmodel/position/latitude",
	longitude: "sim/flightmodel/position/longitude",
	track:     "sim/flightmodel/position/hpath",
	speed:     "sim/flightmodel/position/groundspeed",
	height:    "sim/flightmodel/position/y_agl",
	onGround:  "sim/flightmodel/failures/onground_any",
	replay:    "sim/time/is_in_replay",
	loading:   "sim/graphics/scenery/async_scenery_load_in_progress",
	paused:    "sim/time/paused",
	running:   "sim/time/total_running_time_sec",
}

const (
	latitude = iota
	longitude
	track
	speed
	height
	onGround
	replay
	loading
	paused
	running // never stands still: its silence is the link's
)

// values are the latest of each dataref.
type values struct {
	v     [len(refs)]float64
	known [len(refs)]bool
}

func (v *values) set(i int, value float64) { v.v[i], v.known[i] = value, true }

// moves reports whether the place must change.
func (v *values) moves() bool { return v.v[speed] > 10 && v.v[paused] == 0 && v.v[replay] == 0 }

// state returns the state, if the place is known.
func (v *values) state(now time.Time) (State, bool) {
	return State{
		At: orb.Point{v.v[longitude], v.v[latitude]}, Track: v.v[track], Speed: v.v[speed],
		Height: v.v[height], OnGround: v.v[onGround] != 0, Replay: v.v[replay] != 0,
		Loading: v.v[loading] != 0, When: now,
	}, v.known[latitude] && v.known[longitude]
}

// String describes the state for people.
func (s State) String() string {
	return fmt.Sprintf("%.2f° %.2f°, %.0f kt on %.0f°", s.At.Lat(), s.At.Lon(), s.Speed*3600/1852, s.Track)
}

//go:build linux

package mount

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"github.com/xelpack/xelpack/internal/follow"
	"github.com/xelpack/xelpack/internal/position"
	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// imagined is an imaginary machine and its provider: so many processors, 16 requests in flight
// each, 80 ms a request, and 0.1 s of one processor a texture. Time is synctest's.
type imagined struct {
	file []byte

	mu    sync.Mutex
	lanes []time.Time // when each request in flight will have been answered
	cores chan struct{}
	begun map[tiles.Key]int // how often a texture's imagery was asked for
}

func newImagined(processors int) *imagined {
	return &imagined{file: made(tex("160_320_BI16")), lanes: make([]time.Time, 16*processors),
		cores: make(chan struct{}, processors), begun: make(map[tiles.Key]int)}
}

const (
	chunks = tiles.TextureChunks * tiles.TextureChunks // requests of a texture
	answer = 80 * time.Millisecond                     // until a request is answered
)

// Texture implements Generator.
func (m *imagined) Texture(ctx context.Context, t tiles.Texture) (Made, error) {
	answered := time.NewTimer(time.Until(m.ask(t)))
	defer answered.Stop()
	select {
	case <-answered.C:
	case <-ctx.Done():
		return Made{}, ctx.Err()
	}
	m.cores <- struct{}{}
	time.Sleep(100 * time.Millisecond)
	<-m.cores
	return Made{File: m.file, Chunks: chunks}, nil
}

// ask asks for a texture's chunks and returns when the last of them comes.
func (m *imagined) ask(t tiles.Texture) (last time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.begun[t.Key()]++
	now := time.Now()
	for range chunks {
		lane := &m.lanes[0]
		for i := range m.lanes {
			if m.lanes[i].Before(*lane) {
				lane = &m.lanes[i]
			}
		}
		if lane.Before(now) {
			*lane = now
		}
		*lane = lane.Add(answer)
		last = *lane
	}
	return last
}

// scenario is a flight with X-Plane's requests.
type scenario struct {
	name    string
	knots   float64
	minutes float64
	legs    []orb.Point
	turns   bool
	seed    uint64             // of the distances at which X-Plane loads; 0: 1
	burst   map[tiles.Cell]int // at the end, of so many textures of each cell; nil: as trace synth says
}

// from returns a place so many nautical miles away.
func from(p orb.Point, track, miles float64) orb.Point {
	return geo.PointAtBearingAndDistance(p, track, miles*1852)
}

func scenarios() []scenario {
	start := orb.Point{9, 43.5}
	turn := from(start, 0, 450./60*15)
	away := from(start, 20, 450./60*12)
	var list []scenario
	for seed := range uint64(12) {
		list = append(list, scenario{name: fmt.Sprintf("250 kt, straight, seed %d", seed+1), knots: 250,
			minutes: 50, seed: seed + 1, legs: []orb.Point{start, from(start, 20, 900)}})
	}
	list = append(list, []scenario{
		{name: "560 kt, straight", knots: 560, minutes: 35, legs: []orb.Point{start, from(start, 20, 900)}},
		{name: "90° turn after 15 min, 450 kt", turns: true, knots: 450, minutes: 40,
			legs: []orb.Point{start, turn, from(turn, 90, 900)}},
		{name: "diversion after 12 min, 450 kt", turns: true, knots: 450, minutes: 40,
			legs: []orb.Point{start, away, from(away, 240, 900)}},
	}...)
	// New textures by cell in bursts of a recorded flight, rows from the north.
	for _, g := range []struct {
		name        string
		at          orb.Point
		track       float64
		north, west int
		cells       [][]int
	}{
		{"burst 20:06, track 317°", orb.Point{4.6, 46}, 317, 48, 3, [][]int{
			{16, 12, 11, 12}, {184, 228, 216, 241}, {46, 24, 3, 0}, {6, 2, 0, 0}}},
		{"burst 20:42, track 47°", orb.Point{3.6, 49}, 47, 50, 1, [][]int{
			{18, 230, 309, 326, 280, 18}, {0, 0, 32, 81, 275, 18}, {0, 0, 1, 6, 217, 17}, {0, 0, 0, 0, 244, 18}}},
		{"burst 22:08, track 140°", orb.Point{15.6, 47}, 140, 48, 12, [][]int{
			{0, 0, 0, 0, 4, 55}, {0, 0, 1, 11, 73, 22}, {17, 181, 248, 231, 220, 232}, {1, 12, 12, 11, 11, 12}}},
	} {
		const minutes = 30
		s := scenario{name: g.name + ", 250 kt", knots: 250, minutes: minutes, burst: make(map[tiles.Cell]int),
			legs: []orb.Point{from(g.at, g.track+180, 250*minutes/60), g.at, from(g.at, g.track, 300)}}
		for row, cells := range g.cells {
			for col, n := range cells {
				s.burst[tiles.Cell{Lat: g.north - row, Lon: g.west + col}] = n
			}
		}
		list = append(list, s)
	}
	return list
}

// asked is an open by the simulator.
type asked struct {
	at time.Duration
	tiles.Texture
}

// opens returns what is there before take-off, and then what X-Plane opens, and when.
func (s scenario) opens(path *tiles.Path, ground []tiles.Texture) (first map[tiles.Key]bool, list []asked) {
	synth := trace.Synth{Path: path, Textures: ground, Speed: s.knots * 1852 / 3600, Seed: cmp.Or(s.seed, 1)}
	first = make(map[tiles.Key]bool)
	loaded := time.Duration(0) // when the first load has ended
	for e := range synth.Events() {
		if e.Op != trace.OpOpen {
			continue
		}
		if len(list) == 0 && e.Start-loaded < time.Second {
			loaded = e.Start
			first[e.Texture.Key()] = true
			continue
		}
		list = append(list, asked{e.Start, e.Texture})
	}
	if s.burst != nil {
		list = s.burstOpens(ground, first)
	}
	return first, list
}

// burstOpens returns the opens of a recorded burst: of each cell the nearest textures.
func (s scenario) burstOpens(ground []tiles.Texture, first map[tiles.Key]bool) (list []asked) {
	left, end := make(map[tiles.Cell]int), time.Duration(s.minutes*float64(time.Minute))
	for c, n := range s.burst {
		left[c] = n
	}
	near := slices.Clone(ground)
	slices.SortFunc(near, func(a, b tiles.Texture) int {
		return cmp.Compare(geo.Distance(s.legs[1], a.Center()), geo.Distance(s.legs[1], b.Center()))
	})
	for _, t := range near {
		c := t.Center()
		in := tiles.Cell{Lat: int(math.Floor(c.Lat())), Lon: int(math.Floor(c.Lon()))}
		if left[in] > 0 && !first[t.Key()] {
			left[in]--
			list = append(list, asked{end + time.Duration(len(list))*time.Second/650, t})
		}
	}
	return list
}

// outcomes are what a flight has shown.
type outcomes struct {
	first           int // textures of the first load
	opened, waited  int
	late            int // that would have been late in the order of the opens, too
	standIns        int64
	begun           int // textures whose imagery was asked for
	needless, again int // of them: never opened; asked for once more
}

// fly takes the flight, in a bubble of synctest.
func (s scenario) fly(t *testing.T, following bool, processors int) (result outcomes) {
	var points []tiles.PathPoint
	for _, p := range s.legs {
		points = append(points, tiles.PathPoint{Point: p, Height: 9000})
	}
	path := tiles.NewPath(points...)
	speed := s.knots * 1852 / 3600
	end := time.Duration(s.minutes * float64(time.Minute))
	var ground []tiles.Texture
	line := path.Points(speed) // one a second
	line = line[:min(len(line), int(end.Seconds())+1800)]
	all, err := tiles.Grid(t.Context(), tiles.NewPath(slices.Collect(func(yield func(tiles.PathPoint) bool) {
		for i := 0; i < len(line); i += 60 {
			if !yield(tiles.PathPoint{Point: line[i]}) {
				return
			}
		}
	})...).Window(), 16, "BI")
	if err != nil {
		t.Fatal(err)
	}
	ground = all
	first, opens := s.opens(path, ground)
	later := make(map[tiles.Key]bool) // opened after the end: what was made for it is not needless
	m := newImagined(processors)
	o := &Options{Live: LiveAny, Generator: m, LiveWorkers: processors, MemoryCache: 1 << 50, Prefetch: true,
		Logger: slog.New(slog.DiscardHandler)}
	if err := o.setDefaults(); err != nil {
		t.Fatal(err)
	}
	var counts liveCounters
	l := newLive(t.Context(), o, newShelf(nil), &counts)
	defer l.wg.Wait()
	defer l.close()
	there := l.contents.of(Made{File: m.file})
	for k := range first {
		l.cache.put(k, there, time.Now(), 0)
	}
	f := follow.New(follow.Options{Textures: slices.Values(ground), Has: l.has, Ahead: l.setAhead})

	see := func(i int, speed float64, loading bool) {
		track := 0.0
		if i+1 < len(line) {
			track = geo.Bearing(line[i], line[i+1])
		}
		if following {
			f.See(position.State{At: line[i], Track: track, Speed: speed, Height: 9000, OnGround: speed == 0,
				When: time.Now(), Loading: loading})
		}
		time.Sleep(time.Second)
	}
	for range 600 {
		see(0, 0, false) // parked
	}
	var loading atomic.Int64 // opens under way
	began := time.Now()
	var flying sync.WaitGroup
	flying.Go(func() { // the aircraft
		for i := 0; i < len(line) && time.Since(began) <= end; i++ {
			see(i, speed, loading.Load() > 0)
		}
	})
	slots := make(chan struct{}, 50)
	best := time.Duration(0) // when all opened so far had been made, if nothing else was
	opened := make(map[tiles.Key]bool)
	for _, a := range opens {
		k := a.Key()
		if a.at > end && s.burst == nil {
			later[k] = true
			continue
		}
		if opened[k] || first[k] {
			continue
		}
		opened[k] = true
		if best += chunks * answer / time.Duration(len(m.lanes)); best > a.at {
			result.late++
		}
		time.Sleep(a.at - time.Since(began))
		slots <- struct{}{}
		loading.Add(1)
		if !l.has(k) {
			result.waited++
		}
		flying.Go(func() {
			defer func() { loading.Add(-1); <-slots }()
			for {
				c, _, errno := l.open(t.Context(), a.Texture, l.generation(k))
				if errno == syscall.ESTALE {
					continue
				}
				l.release(k, c)
				return
			}
		})
	}
	flying.Wait()
	result.first, result.opened, result.standIns = len(first), len(opened), counts.standIns.Load()
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, n := range m.begun {
		result.begun += n
		if !opened[k] && !later[k] {
			result.needless++
		}
		result.again += n - 1
	}
	return result
}

// TestDrillFollow measures which share of the textures of new cells is there when X-Plane opens
// them, with and without the aircraft's position, and how many are made in vain. The archive is
// empty; what X-Plane loads before take-off has been made, and the aircraft stands for ten minutes.
// Time is imaginary, so the figures are nearly the same on every machine. The best order is that of
// the opens: it knows from take-off on what X-Plane will load, and has the same provider.
// The short form is one flight, of a seed with which X-Plane does not load soon after the start.
func TestDrillFollow(t *testing.T) {
	drill.SkipIfShort(t)
	for _, s := range scenarios() {
		s := s
		if !drill.Full() {
			if s.seed != 7 {
				continue
			}
			s.minutes = 12
		}
		t.Run(s.name, func(t *testing.T) {
			for _, following := range []bool{false, true} {
				if !following && (!drill.Full() || s.seed > 1) {
					continue
				}
				synctest.Test(t, func(t *testing.T) { s.judge(t, s.fly(t, following, 8), following) })
			}
		})
	}
}

// judge prints what a flight has shown, and fails where it is not what must be.
func (s scenario) judge(t *testing.T, r outcomes, following bool) {
	there := 100 - 100*float64(r.waited)/float64(r.opened)
	needless := r.needless + r.again
	vain := 100 * float64(needless) / float64(r.first+r.opened)
	what := fmt.Sprintf("%s: %d textures of new cells", s.name, r.opened)
	if !following {
		drill.Row(t, what+", without `--follow`", "", fmt.Sprintf("%.1f %% there", there), true)
		return
	}
	best := 100 - 100*float64(r.late)/float64(r.opened)
	aim, met := "", true
	if s.knots == 250 {
		aim, met = "≥ 95 % there", there >= 95
	}
	drill.Row(t, what+", with", aim, fmt.Sprintf("%.1f %% there; the best order: %.1f %%", there, best), met)
	if s.burst == nil { // of a burst only one moment is known
		aim, met = "≤ 10 %", vain <= 10
		if s.turns {
			aim, met = "≤ 10 % (a turn takes what lies ahead before it)", true
		}
		drill.Row(t, fmt.Sprintf("made in vain, beside %d that the flight loaded", r.first+r.opened), aim,
			fmt.Sprintf("%d: %.1f %%; %.1f %% of the new cells'", needless, vain,
				100*float64(needless)/float64(r.opened)), met)
	}
	if !drill.Full() && (there < 95 || r.standIns > 0) {
		t.Errorf("%.1f %% of %d textures were there, %d stand-ins", there, r.opened, r.standIns)
	}
}

package trace

import (
	"cmp"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Synth is a flight from which a trace is made up, according to what is known of how X-Plane loads:
// a whole 1° × 1° cell once its near edge comes within some distance of the aircraft, between 1.6°
// and 2.5° of latitude, and the same on the ground in longitude. Every row and every column of
// cells has a distance of its own, so that the cells of a row come as one burst, nearest textures
// first; the first load asks for everything in reach. Of most textures only the header and the
// small mip levels are read, of some more, of the nearest everything.
type Synth struct {
	Path     *tiles.Path
	Textures []tiles.Texture // the textures that exist
	Speed    float64         // over ground, metres a second
	Size     int64           // of every texture's file; 0: a full one
	Seed     uint64          // seed of the distances at which cells are loaded
	// Limit ends the flight before its destination. 0: no limit.
	Limit time.Duration
}

// Measured behaviour of X-Plane.
const (
	synthLeast  = 1.6                 // least distance in degrees at which a cell is loaded
	synthMost   = tiles.WindowDegrees // greatest distance
	synthForget = synthMost + 1       // distance beyond which it is dropped
	synthOpens  = 650                 // a second at the peak
	synthAtOnce = 50                  // requested at a time
	synthNear   = 8000.0
	synthPiece  = 256 << 10
)

// synthLevels counts, for each mip level, the textures of a measured flight that were read from
// that level on.
var synthLevels = [...]int{8, 23, 28, 66, 1158}

// Events yields the flight's requests, burst by burst.
func (s Synth) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		ground := make(map[tiles.Cell][]tiles.Texture)
		for _, t := range s.Textures {
			for c := range t.Box().Cells() {
				ground[c] = append(ground[c], t)
			}
		}
		free := time.Duration(0) // end of the previous burst
		for l := range s.loads() {
			var burst []tiles.Texture
			held := l.before
			for _, c := range l.cells {
				for _, t := range ground[c] {
					if !touches(t, held) { // loaded with the first of its cells
						burst = append(burst, t)
					}
				}
				held[c] = true
			}
			free = max(free, l.at)
			if !s.burst(l.place, burst, free, yield) {
				return
			}
			free += time.Duration(len(burst)) * time.Second / synthOpens
		}
	}
}

func touches(t tiles.Texture, cells map[tiles.Cell]bool) bool {
	for c := range t.Box().Cells() {
		if cells[c] {
			return true
		}
	}
	return false
}

// load is a set of cells that X-Plane loads when the aircraft is at a place.
type load struct {
	at     time.Duration
	place  orb.Point
	cells  []tiles.Cell
	before map[tiles.Cell]bool // loaded already; the receiver may keep it
}

// loads yields the flight's loads.
func (s Synth) loads() iter.Seq[load] {
	rng := rand.New(rand.NewPCG(s.Seed, 0))
	var rows [180]float64
	var columns [360]float64
	for _, distances := range [...][]float64{rows[:], columns[:]} {
		for i := range distances {
			distances[i] = synthLeast + (synthMost-synthLeast)*rng.Float64()
		}
	}
	return func(yield func(load) bool) {
		loaded := make(map[tiles.Cell]bool)
		for at, p := range s.positions() {
			l := load{at: at, place: p, before: make(map[tiles.Cell]bool)}
			for c := range cellsNear(p, synthForget) {
				lat, lon := c.Gap(p)
				switch {
				case loaded[c]:
					l.before[c] = true
				case lat <= rows[c.Lat+90] && lon <= columns[c.Lon+180]:
					l.cells = append(l.cells, c)
				}
			}
			loaded = maps.Clone(l.before)
			for _, c := range l.cells {
				loaded[c] = true
			}
			if len(l.cells) > 0 && !yield(l) {
				return
			}
		}
	}
}

// positions yields the aircraft's position every few seconds.
func (s Synth) positions() iter.Seq2[time.Duration, orb.Point] {
	return func(yield func(time.Duration, orb.Point) bool) {
		const step = 5 // seconds
		flown := 0.0
		line := s.Path.Points(step * s.Speed)
		for i, p := range line {
			if i > 0 {
				flown += geo.DistanceHaversine(line[i-1], p)
			}
			at := time.Duration(flown / s.Speed * float64(time.Second))
			if s.Limit > 0 && at > s.Limit || !yield(at, p) {
				return
			}
		}
	}
}

// cellsNear yields the cells whose near edges are within the given degrees of p.
func cellsNear(p orb.Point, degrees float64) iter.Seq[tiles.Cell] {
	return func(yield func(tiles.Cell) bool) {
		wide := degrees / max(1e-9, math.Cos(p.Lat()*math.Pi/180))
		west, east := math.Floor(p.Lon()-wide), math.Floor(p.Lon()+wide)
		if wide > 179 {
			west, east = -180, 179
		}
		for lat := max(-90, math.Floor(p.Lat()-degrees)); lat <= min(89,
			math.Floor(p.Lat()+degrees)); lat++ {
			for lon := west; lon <= east; lon++ {
				if !yield(tiles.Cell{Lat: int(lat), Lon: int(math.Mod(lon+540, 360)) - 180}) {
					return
				}
			}
		}
	}
}

// burst yields the requests for textures, starting at time at, from an aircraft at p.
func (s Synth) burst(p orb.Point, textures []tiles.Texture, at time.Duration,
	yield func(Event) bool) bool {
	type placed struct {
		tiles.Texture
		distance float64
	}
	order := make([]placed, len(textures))
	for i, t := range textures {
		order[i] = placed{t, geo.DistanceHaversine(p, t.Box().Center())}
	}
	slices.SortFunc(order, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), a.Compare(b.Texture))
	})
	for i, t := range order {
		level := levelOf(t.Texture)
		if t.distance < synthNear {
			level = 0
		}
		if !s.texture(t.Texture, level, at+time.Duration(i)*time.Second/synthOpens, yield) {
			return false
		}
	}
	return true
}

// levelOf chooses the mip level from which t is read, with the frequencies of the measured flight,
// and always the same for one texture.
func levelOf(t tiles.Texture) int {
	total := 0
	for _, n := range synthLevels {
		total += n
	}
	h := uint64(t.Row)<<32 | uint64(t.Col)
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	pick := int((h ^ h>>33) % uint64(total))
	for level, n := range synthLevels {
		if pick -= n; pick < 0 {
			return level
		}
	}
	return len(synthLevels) - 1
}

// texture yields one texture's requests: an open, the header, and the levels from level to the end.
// Levels of 512 px or less are read in one piece. Its duration is such that as many textures are in
// progress as with X-Plane.
func (s Synth) texture(t tiles.Texture, level int, at time.Duration, yield func(Event) bool) bool {
	l := dds.Layout{Format: dds.BC1, Side: dds.MaxSide}
	if known, ok := layoutOf(s.Size); ok {
		l = known
	}
	const share = synthAtOnce * time.Second / synthOpens / 3
	e := Event{Op: OpOpen, Source: Archive, Texture: t, Size: l.Size(), Start: at, Took: share}
	if !yield(e) {
		return false
	}
	e = Event{Op: OpRead, Source: Archive, Texture: t, Size: l.Size(), Start: at + share,
		Took: share, Length: dds.HeaderSize}
	if !yield(e) {
		return false
	}
	for level > 0 && l.Side>>level < 512 {
		level--
	}
	from, _ := l.Level(level)
	tail, _ := l.Level(max(level, levelOfWidth(l, 512)))
	pieces := 1 + max(0, (tail-from+synthPiece-1)/synthPiece)
	e.Start += share
	e.Took = share / time.Duration(pieces)
	for e.Offset = from; e.Offset < l.Size(); e.Offset += e.Length {
		e.Length = min(synthPiece, tail-e.Offset)
		if e.Offset >= tail {
			e.Length = l.Size() - e.Offset
		}
		if !yield(e) {
			return false
		}
		e.Start += e.Took
	}
	return true
}

// levelOfWidth returns the first level no wider than the given pixels.
func levelOfWidth(l dds.Layout, pixels int) int {
	n := 0
	for l.Side>>n > pixels {
		n++
	}
	return n
}

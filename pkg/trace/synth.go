package trace

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Synth is a flight to make a trace of, by what is known of how X-Plane loads: it wants the cells of 1° within 1° of latitude round the aircraft, and as far in
// longitude on the ground, which is some 3° × 3°/cos φ and never more than 2° away; the first load asks for all of that, and whenever the window reaches new cells,
// their textures come as one burst, the nearest first. Of most textures it reads the header and the small mip levels, of a few more, of what is near everything.
type Synth struct {
	Path     *tiles.Path
	Textures []tiles.Texture // there are
	Speed    float64         // over ground, metres a second
	Size     int64           // of every texture's file; 0: a full one
	// Limit ends the flight before its destination. 0: it does not.
	Limit time.Duration
}

// What X-Plane was measured to do.
const (
	synthReach  = 1.0 // degrees
	synthForget = 1.0 // degrees beyond, where cells are dropped
	synthOpens  = 650 // a second at the peak
	synthAtOnce = 50  // wanted at a time
	synthNear   = 8000.0
	synthPiece  = 256 << 10
)

// synthLevels is how many textures of a measured flight were read from which mip level on.
var synthLevels = [...]int{8, 23, 28, 66, 1158}

// cell is a square degree, named by its south-west corner.
type cell struct{ lat, lon int }

func cellOf(p orb.Point) cell {
	return cell{int(math.Floor(p.Lat())), int(math.Mod(math.Floor(p.Lon())+540, 360)) - 180}
}

// Events yields the flight's requests, burst by burst.
func (s Synth) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		ground := make(map[cell][]tiles.Texture)
		for _, t := range s.Textures {
			c := cellOf(t.Box().Center())
			ground[c] = append(ground[c], t)
		}
		loaded := make(map[cell]bool)
		free := time.Duration(0) // when the burst before has come to its end
		for at, p := range s.positions() {
			var burst []tiles.Texture
			for c := range cellsWithin(p, synthReach) {
				if !loaded[c] {
					loaded[c] = true
					burst = append(burst, ground[c]...)
				}
			}
			keep := make(map[cell]bool)
			for c := range cellsWithin(p, synthReach+synthForget) {
				keep[c] = loaded[c]
			}
			loaded = keep
			if len(burst) == 0 {
				continue
			}
			free = max(free, at)
			if !s.burst(p, burst, free, yield) {
				return
			}
			free += time.Duration(len(burst)) * time.Second / synthOpens
		}
	}
}

// positions yields where the aircraft is, every few seconds.
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

// cellsWithin yields the cells that the window of that many degrees round p reaches.
func cellsWithin(p orb.Point, degrees float64) iter.Seq[cell] {
	return func(yield func(cell) bool) {
		wide := min(180, degrees/max(0.01, math.Cos(p.Lat()*math.Pi/180)))
		for lat := math.Floor(p.Lat() - degrees); lat < p.Lat()+degrees; lat++ {
			for lon := math.Floor(p.Lon() - wide); lon < p.Lon()+wide; lon++ {
				if !yield(cellOf(orb.Point{lon, lat})) {
					return
				}
			}
		}
	}
}

// burst yields the requests for textures, asked for from the time at on by an aircraft at p.
func (s Synth) burst(p orb.Point, textures []tiles.Texture, at time.Duration, yield func(Event) bool) bool {
	type placed struct {
		tiles.Texture
		distance float64
	}
	order := make([]placed, len(textures))
	for i, t := range textures {
		order[i] = placed{t, geo.DistanceHaversine(p, t.Box().Center())}
	}
	slices.SortFunc(order, func(a, b placed) int { return cmp.Or(cmp.Compare(a.distance, b.distance), a.Compare(b.Texture)) })
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

// levelOf chooses the mip level that t is read from, as often as in the measured flight, and always the same for one texture.
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

// texture yields one texture's requests: an open, the header, and the levels from level on to the end. What is 512 px wide or less is read in one piece. Each takes
// its share of the time in which as many are wanted as X-Plane does.
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
	e = Event{Op: OpRead, Source: Archive, Texture: t, Size: l.Size(), Start: at + share, Took: share, Length: dds.HeaderSize}
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

// levelOfWidth returns the first level that is not wider than that many pixels.
func levelOfWidth(l dds.Layout, pixels int) int {
	n := 0
	for l.Side>>n > pixels {
		n++
	}
	return n
}

package trace

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Summary summarises a trace. Scripts rely on its JSON; times are in seconds.
type Summary struct {
	Seconds     float64          `json:"seconds"` // from the beginning to the last answer
	Textures    int              `json:"textures"`
	Opens       int              `json:"opens"`
	Reads       int              `json:"reads"`
	Bytes       int64            `json:"bytes"`
	BySource    map[string]Share `json:"by_source"`
	ByLevel     []Level          `json:"by_level"`
	MaxInFlight int              `json:"max_in_flight"`
	PeakOpens   int              `json:"peak_opens_per_second"`
	Open        Latency          `json:"open"`
	Read        Latency          `json:"read"`
	Slowest     []Slow           `json:"slowest"`
	Missing     []string         `json:"missing"`   // names that do not exist, once each
	StandIns    []string         `json:"stand_ins"` // names served by a stand-in, once each
	// events that did not fit into the writer's buffer
	Lost int64 `json:"lost"`
	Cut  bool  `json:"cut_short"` // the file ends early
}

// Share is what one source served.
type Share struct {
	Opens int   `json:"opens"`
	Reads int   `json:"reads"`
	Bytes int64 `json:"bytes"`
}

// Level counts the reads of mip levels of one width, in all textures.
type Level struct {
	Pixels int   `json:"pixels"` // width; 0: the header
	Bytes  int64 `json:"bytes"`
	Reads  int   `json:"reads"` // reads that touched it
}

// Latency is a distribution, in seconds.
type Latency struct {
	Count int     `json:"count"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Max   float64 `json:"max"`
}

// Slow is a slow answer.
type Slow struct {
	Texture string  `json:"texture"`
	Op      string  `json:"op"`
	Source  string  `json:"source"`
	At      float64 `json:"at"` // seconds since the beginning
	Seconds float64 `json:"seconds"`
}

// slowest is how many slow answers a summary lists.
const slowest = 10

// summarise summarises events, up to their end or cut.
func summarise(events iter.Seq[Event]) Summary {
	s := Summary{BySource: make(map[string]Share), Missing: []string{}, StandIns: []string{},
		Slowest: []Slow{}, ByLevel: []Level{}}
	seen := make(map[tiles.Texture]bool)
	missing, standIns := make(map[tiles.Texture]bool), make(map[tiles.Texture]bool)
	levels := make(map[int]*Level)
	var opens, reads []time.Duration
	var busy []edge
	perSecond := make(map[int64]int)
	for e := range events {
		s.Seconds = max(s.Seconds, (e.Start + e.Took).Seconds())
		if e.Op == OpMissing {
			missing[e.Texture] = true
			continue
		}
		seen[e.Texture] = true
		share := s.BySource[e.Source.String()]
		if e.Op == OpOpen {
			s.Opens++
			share.Opens++
			opens = append(opens, e.Took)
			perSecond[int64(e.Start/time.Second)]++
		} else {
			s.Reads++
			s.Bytes += e.Length
			share.Reads++
			share.Bytes += e.Length
			reads = append(reads, e.Took)
			addLevels(levels, e)
		}
		s.BySource[e.Source.String()] = share
		if e.Source == Fallback {
			standIns[e.Texture] = true
		}
		busy = append(busy, edge{e.Start, 1}, edge{e.Start + e.Took, -1})
		s.slow(e)
	}
	s.Textures = len(seen)
	s.Missing, s.StandIns = names(missing), names(standIns)
	s.Open, s.Read = Distribution(opens), Distribution(reads)
	s.MaxInFlight = most(busy)
	for _, n := range perSecond {
		s.PeakOpens = max(s.PeakOpens, n)
	}
	for _, l := range levels {
		s.ByLevel = append(s.ByLevel, *l)
	}
	slices.SortFunc(s.ByLevel, func(a, b Level) int { return cmp.Compare(b.Pixels, a.Pixels) })
	return s
}

// slow keeps e if it is among the slowest.
func (s *Summary) slow(e Event) {
	if len(s.Slowest) == slowest && e.Took.Seconds() <= s.Slowest[slowest-1].Seconds {
		return
	}
	at, _ := slices.BinarySearchFunc(s.Slowest, e.Took.Seconds(),
		func(x Slow, v float64) int { return cmp.Compare(v, x.Seconds) })
	s.Slowest = slices.Insert(s.Slowest, at,
		Slow{e.Texture.Name(), e.Op.String(), e.Source.String(), e.Start.Seconds(),
			e.Took.Seconds()})
	s.Slowest = s.Slowest[:min(len(s.Slowest), slowest)]
}

// addLevels divides a read among the mip levels that it touches.
func addLevels(levels map[int]*Level, e Event) {
	add := func(pixels int, from, length int64) {
		n := min(e.Offset+e.Length, from+length) - max(e.Offset, from)
		if n <= 0 {
			return
		}
		if levels[pixels] == nil {
			levels[pixels] = &Level{Pixels: pixels}
		}
		levels[pixels].Bytes += n
		levels[pixels].Reads++
	}
	l, ok := layoutOf(e.Size)
	if !ok {
		return
	}
	add(0, 0, dds.HeaderSize)
	for n := range l.Levels() {
		from, length := l.Level(n)
		add(l.Side>>n, from, length)
	}
}

// layoutOf returns the layout of a file of that size.
func layoutOf(size int64) (dds.Layout, bool) {
	for _, f := range [...]dds.Format{dds.BC1, dds.BC3} {
		for side := dds.MaxSide; side >= 256; side /= 2 {
			if l := (dds.Layout{Format: f, Side: side}); l.Size() == size {
				return l, true
			}
		}
	}
	return dds.Layout{}, false
}

func names(set map[tiles.Texture]bool) []string {
	list := make([]string, 0, len(set))
	for t := range set {
		list = append(list, t.Name())
	}
	slices.Sort(list)
	return list
}

// Distribution sorts samples and returns their distribution.
func Distribution(samples []time.Duration) Latency {
	l := Latency{Count: len(samples)}
	if l.Count == 0 {
		return l
	}
	slices.Sort(samples)
	var sum float64
	for _, d := range samples {
		sum += d.Seconds()
	}
	at := func(q float64) float64 {
		return samples[min(l.Count-1, int(q*float64(l.Count)))].Seconds()
	}
	l.Mean, l.P50, l.P90, l.P99, l.P999, l.Max = sum/float64(l.Count), at(.5), at(.9), at(.99), at(
		.999), at(1)
	return l
}

// edge is the start or end of a request.
type edge struct {
	at  time.Duration
	add int
}

// most returns the greatest number of requests in progress at once.
func most(edges []edge) int {
	// A request that ends when another begins does not overlap it.
	slices.SortFunc(edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.add, b.add))
	})
	now, best := 0, 0
	for _, e := range edges {
		now += e.add
		best = max(best, now)
	}
	return best
}

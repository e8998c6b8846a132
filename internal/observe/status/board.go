// Package status shows a running build or mount as a web page: a live map, rates, queues, and a
// plain explanation of what the slowest parts wait for.
//
//	board := status.New(status.Options{What: "build"}, &sources)
//	board.Plan(items, packed)
//	stop := board.Run(ctx)
//	defer stop()
//	http.Handle("/", board.Handler())
//
// The board is an observe.Observer. The page is one self-contained file; server-sent events keep it
// up to date.
package status

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options are the settings of a Board.
type Options struct {
	What string // "build", "repair" or "mount"
}

// maxTextures is how many textures are drawn, to spare the browser. Further ones are only counted.
const maxTextures = 250_000

// Board holds what the page shows. Safe for concurrent use.
type Board struct {
	o       Options
	sources *observe.Sources
	began   time.Time

	downloads, opens, reads latencies // of chunks, opens and reads
	readBytes               atomic.Int64
	windows                 windows
	feed                    feed

	mu       sync.Mutex
	ground   planmap.Map // routes, area and cells; Items are those planned
	byKey    map[key]int32
	maptypes []string
	textures []texture
	changed  []int32 // since the last tick
	told     int     // number of textures that the pages know
	counts   [states]int
	undrawn  int // beyond maxTextures
	planned  int
	skipped  int
	waits    map[int32]*wait
	recent   []int32 // opened recently, or a while ago
	slow     []Slow
	ended    string // why the work has ended
}

// key is a texture's name in eight bytes: ZL, row, column, maptype.
type key uint64

// texture is one square of the map.
type texture struct {
	row, col uint32 // counted in textures
	zl       tiles.ZL
	maptype  uint16
	state    State
	before   State // state before it was waited for or built
	dirty    bool
	opened   time.Duration // last open, since Board.began; 0: not recently
}

// wait counts the opens that wait for a texture.
type wait struct {
	since time.Time
	n     int
}

var _ observe.Observer = (*Board)(nil)

// New returns an empty Board.
func New(o Options, s *observe.Sources) *Board {
	return &Board{o: o, sources: s, began: time.Now(), byKey: make(map[key]int32),
		waits: make(map[int32]*wait)}
}

// Draw sets the title, the routes, the area and the cells, and the initial view of the map. The
// title must not contain paths: others may see it.
func (b *Board) Draw(m planmap.Map) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ground = m
}

// Plan adds the textures to be built, and which of them are in the archive already.
func (b *Board) Plan(items []tiles.Item, packed func(tiles.Key) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, it := range items {
		b.planned++
		state := Planned
		if packed(it.Key()) {
			state = Packed
			b.skipped++
		}
		b.set(it.Texture, state)
	}
}

// Holds adds a texture of an archive.
func (b *Board) Holds(t tiles.Texture) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set(t, Packed)
}

// End sets the reason why the work has ended.
func (b *Board) End(why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = why
}

// find returns t's index, or -1 if it is not drawn. b.mu is held.
func (b *Board) find(t tiles.Texture, add bool) int32 {
	m := -1
	for i, known := range b.maptypes { // there are only a few
		if known == t.Maptype {
			m = i
		}
	}
	if m < 0 {
		if !add || len(b.maptypes) >= 1<<16 {
			return -1
		}
		m = len(b.maptypes)
		b.maptypes = append(b.maptypes, t.Maptype)
	}
	row, col := t.Row/tiles.TextureChunks, t.Col/tiles.TextureChunks
	k := key(t.ZL)<<56 | key(row)<<36 | key(col)<<16 | key(m)
	i, ok := b.byKey[k]
	if ok || !add {
		if !ok {
			return -1
		}
		return i
	}
	if len(b.textures) >= maxTextures {
		return -1
	}
	i = int32(len(b.textures))
	b.byKey[k] = i
	b.textures = append(b.textures,
		texture{row: row, col: col, zl: t.ZL, maptype: uint16(m), state: states})
	return i
}

// set changes t's state to s. b.mu is held.
func (b *Board) set(t tiles.Texture, s State) {
	i := b.find(t, true)
	if i < 0 {
		b.undrawn++
		return
	}
	b.become(i, s)
}

func (b *Board) become(i int32, s State) {
	x := &b.textures[i]
	if x.state == s {
		return
	}
	if x.state < states {
		b.counts[x.state]--
		x.before = x.state
	}
	b.counts[s]++
	x.state = s
	if !x.dirty {
		x.dirty = true
		b.changed = append(b.changed, i)
	}
}

// Attempted implements fetch.Observer.
func (b *Board) Attempted(string, fetch.Outcome, time.Duration) {}

// Fetched implements fetch.Observer.
func (b *Board) Fetched(_ string, _ tiles.Chunk, outcome fetch.Outcome, took time.Duration) {
	if outcome != fetch.OutcomeCancelled {
		b.downloads.add(took)
	}
}

// Building implements pack.Observer.
func (b *Board) Building(it tiles.Item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := b.find(it.Texture, true)
	if i < 0 || b.waits[i] != nil { // it shows as waited for until it is there
		return
	}
	b.become(i, Building)
}

// Built implements pack.Observer.
func (b *Board) Built(it tiles.Item, tally pack.Tally, _ time.Duration, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := b.find(it.Texture, true)
	switch {
	case i < 0:
	case err != nil && b.textures[i].state == Building:
		b.become(i, b.textures[i].before)
	case err == nil && b.o.What == "mount" && tally.Failed < tally.Chunks:
		b.become(i, Made)
	}
}

// Stored implements pack.Observer.
func (b *Board) Stored(it tiles.Item, tally pack.Tally) {
	state := Packed
	if tally.Failed > 0 {
		state = Holes
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set(it.Texture, state)
}

// Worked implements pack.Observer.
func (b *Board) Worked(pack.Task, time.Duration) {}

// Asked implements mount.Observer.
func (b *Board) Asked(op mount.Op, t tiles.Texture) {
	if op != mount.OpOpen || t.Maptype == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	i := b.find(t, true)
	if i < 0 {
		return
	}
	if s := b.textures[i].state; s == Packed || s == Used || s == Holes {
		return // look-ups and reads do not wait
	}
	if w := b.waits[i]; w != nil {
		w.n++
		return
	}
	b.waits[i] = &wait{time.Now(), 1}
	b.become(i, Waited)
}

// Answered implements mount.Observer.
func (b *Board) Answered(a mount.Answer) {
	if a.Op == mount.OpRead {
		b.reads.add(a.Took)
		b.readBytes.Add(int64(a.Length))
		if a.Took < slowFrom {
			return
		}
	}
	if a.Texture.Maptype == "" {
		return
	}
	if a.Op == mount.OpOpen {
		b.opens.add(a.Took)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.Took >= slowFrom {
		b.remember(a)
	}
	switch {
	case a.Missing:
		b.set(a.Texture, Missing)
	case a.Op == mount.OpOpen:
		b.opened(a)
	}
}

// opened notes the answer to an open. b.mu is held.
func (b *Board) opened(a mount.Answer) {
	i := b.find(a.Texture, true)
	if i < 0 {
		return
	}
	b.wanted(i, a)
	if w := b.waits[i]; w != nil {
		if w.n--; w.n == 0 {
			delete(b.waits, i)
		}
	}
	switch {
	case a.Errno != 0:
		if b.textures[i].state == Waited {
			b.become(i, b.textures[i].before)
		}
	case a.From == mount.FromArchive:
		b.become(i, Used)
	case a.From == mount.FromFallback:
		b.become(i, StandIn)
	default:
		b.become(i, Made)
	}
}

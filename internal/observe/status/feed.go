package status

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

// Sample is one second of the curves.
type Sample struct {
	At       float64 `json:"at"`       // seconds since the beginning
	Down     float64 `json:"down"`     // bytes a second downloaded
	Read     float64 `json:"read"`     // bytes a second read from the mount
	Textures float64 `json:"textures"` // packed or made, a second
	// seconds: median and 99th percentile of chunks, opens, reads
	Chunk50 float64 `json:"chunk50"`
	Chunk99 float64 `json:"chunk99"`
	Open50  float64 `json:"open50"`
	Open99  float64 `json:"open99"`
	Read50  float64 `json:"read50"`
	Read99  float64 `json:"read99"`
}

// tick is the interval of samples and of updates to the pages.
const tick = time.Second

// history is how many samples are kept: ten minutes.
const history = 600

// windows turns counters into samples.
type windows struct {
	mu                   sync.Mutex
	samples              []Sample
	chunks, opens, reads window
	last                 time.Time
	down, read, textures int64
}

func (w *windows) latest() Sample {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.samples) == 0 {
		return Sample{}
	}
	return w.samples[len(w.samples)-1]
}

func (w *windows) all() []Sample {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Sample{}, w.samples...)
}

// sample takes a sample.
func (b *Board) sample(now time.Time) {
	var down, textures int64
	if c := b.sources.Client.Load(); c != nil {
		down = c.Stats().BytesDownloaded
	}
	if p := b.sources.Pipeline.Load(); p != nil {
		textures = p.Counts.Textures.Load()
	}
	if f := b.sources.Mount.Load(); f != nil {
		s := f.Stats()
		textures = s.Made + s.Incomplete
	}
	read := b.readBytes.Load()
	w := &b.windows
	w.mu.Lock()
	defer w.mu.Unlock()
	seconds := now.Sub(w.last).Seconds()
	w.chunks.look(&b.downloads)
	w.opens.look(&b.opens)
	w.reads.look(&b.reads)
	s := Sample{
		At: now.Sub(b.began).Seconds(), Down: float64(down-w.down) / seconds, Read: float64(
			read-w.read) / seconds, Textures: float64(textures-w.textures) / seconds,
		Chunk50: w.chunks.quantile(.5).Seconds(), Chunk99: w.chunks.quantile(.99).Seconds(),
		Open50: w.opens.quantile(.5).Seconds(), Open99: w.opens.quantile(.99).Seconds(),
		Read50: w.reads.quantile(.5).Seconds(), Read99: w.reads.quantile(.99).Seconds(),
	}
	w.last, w.down, w.read, w.textures = now, down, read, textures
	if w.samples = append(w.samples, s); len(w.samples) > history {
		w.samples = w.samples[1:]
	}
}

// feed sends changes to the pages.
type feed struct {
	mu    sync.Mutex
	pages map[chan []byte]bool
	over  bool
}

// join returns the events for one page. The channel is closed at the end, or when the page is too
// slow.
func (f *feed) join() chan []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := make(chan []byte, 8)
	if f.over {
		close(c)
		return c
	}
	if f.pages == nil {
		f.pages = make(map[chan []byte]bool)
	}
	f.pages[c] = true
	return c
}

func (f *feed) leave(c chan []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pages[c] {
		delete(f.pages, c)
		close(c)
	}
}

func (f *feed) empty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.pages) == 0
}

func (f *feed) tell(message []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.pages {
		select {
		case c <- message:
		default: // too slow: it reconnects by itself and starts over
			delete(f.pages, c)
			close(c)
		}
	}
}

func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	for c := range f.pages {
		close(c)
	}
	f.pages = nil
}

// Run takes samples and updates the pages until stop is called or ctx ends. stop sends the last
// figures.
func (b *Board) Run(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	b.windows.last = b.began
	done := make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(tick)
		defer t.Stop()
		for {
			select {
			case now := <-t.C:
				b.sample(now)
				b.tell()
			case <-ctx.Done():
				b.tell()
				b.feed.end()
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// update is one message to the pages.
type update struct {
	Snapshot
	Changes  []int32  `json:"changes"` // texture, state; texture, state; …
	Maptypes []string `json:"maptypes"`
	From     int      `json:"from"` // index of the first of New
	New      []int32  `json:"new"`  // zl, row, column, maptype, state of each new texture
}

// numbers is how many numbers describe a texture in update.New and /textures.
const numbers = 5

func (b *Board) tell() {
	u := update{Snapshot: b.Snapshot()}
	b.mu.Lock()
	first := b.told
	b.told = len(b.textures)
	for _, i := range b.changed {
		x := &b.textures[i]
		x.dirty = false
		if int(i) < first {
			u.Changes = append(u.Changes, i, int32(x.state))
		}
	}
	b.changed = b.changed[:0]
	u.From, u.New, u.Maptypes = first, b.describe(
		first), b.maptypes[:len(b.maptypes):len(b.maptypes)]
	b.mu.Unlock()
	if b.feed.empty() {
		return
	}
	if message, err := json.Marshal(u); err == nil { // only numbers and text: it cannot fail
		b.feed.tell(message)
	}
}

// describe returns the textures from index first on. b.mu is held.
func (b *Board) describe(first int) []int32 {
	list := make([]int32, 0, numbers*(len(b.textures)-first))
	for _, x := range b.textures[first:] {
		list = append(list, int32(x.zl), int32(x.row), int32(x.col), int32(x.maptype),
			int32(x.state))
	}
	return list
}

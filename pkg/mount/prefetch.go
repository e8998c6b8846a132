package mount

import (
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Prefetching makes textures before they are opened: the neighbours of one that was, and the rest
// of the row or column that the simulator seems to be loading. It is done by workers that have
// nothing else to do, one of which stays free; what somebody waits for takes the worker of a
// prefetch under way, which is given up. What is predicted and not begun is forgotten, the oldest
// first, beyond maxPrefetch.
const (
	maxPrefetch = 64
	// rowAhead is how much of a row or column is made ahead: X-Plane asks for 3 to 4 textures
	// across, 2 to 3 rows at a time.
	rowAhead = 4
	// rowGap is how many textures two opens of one row may be apart: 50 are under way at a time.
	rowGap = 3
	// prefetchPause follows a prefetch that failed: a provider in trouble is not asked for more
	// than what is needed.
	prefetchPause = 30 * time.Second
)

// grid is the textures of one zoom level and maptype.
type grid struct {
	zl      tiles.ZL
	maptype string // folded
}

// prefetch is what predictions are made from. Guarded by live.mu.
type prefetch struct {
	last   map[grid]tiles.Texture // opened last
	paused time.Time              // nothing is begun before
}

// predict queues what is likely to be opened after t. l.mu is held.
func (l *live) predict(t tiles.Texture) {
	if !l.opts.Prefetch || l.ctx.Err() != nil || time.Now().Before(l.ahead.paused) {
		return
	}
	g := grid{t.ZL, t.Key().Maptype}
	last, known := l.ahead.last[g]
	if l.ahead.last == nil {
		l.ahead.last = make(map[grid]tiles.Texture)
	}
	l.ahead.last[g] = t
	if known {
		for _, next := range course(last, t) {
			l.foresee(next)
		}
	}
	for _, next := range around(t) {
		l.foresee(next)
	}
	for l.queue.foreseen.Len() > maxPrefetch {
		oldest := l.queue.foreseen.Front().Value.(*job)
		l.forget(l.textures[oldest.texture.Key()], oldest)
	}
	l.begin()
}

// course is what lies ahead when t was opened after last and both lie near each other in one row or
// column.
func course(last, t tiles.Texture) (ahead []tiles.Texture) {
	down := (int(t.Row) - int(last.Row)) / tiles.TextureChunks
	right := (int(t.Col) - int(last.Col)) / tiles.TextureChunks
	if (down == 0) == (right == 0) || max(down, -down, right, -right) > rowGap {
		return nil
	}
	down, right = min(max(down, -1), 1), min(max(right, -1), 1)
	for i := 1; i <= rowAhead; i++ {
		if next, ok := shifted(t, down*i, right*i); ok {
			ahead = append(ahead, next)
		}
	}
	return ahead
}

// around is the neighbours of t.
func around(t tiles.Texture) (all []tiles.Texture) {
	for down := -1; down <= 1; down++ {
		for right := -1; right <= 1; right++ {
			if next, ok := shifted(t, down, right); ok && next != t {
				all = append(all, next)
			}
		}
	}
	return all
}

// shifted returns the texture so many rows down and columns to the right, which go round the earth.
func shifted(t tiles.Texture, down, right int) (tiles.Texture, bool) {
	n := 1 << t.ZL
	row := int(t.Row) + down*tiles.TextureChunks
	if row < 0 || row >= n {
		return t, false
	}
	t.Row, t.Col = uint32(row), uint32((int(t.Col)+right*tiles.TextureChunks+n)%n)
	return t, t.Valid() == nil
}

// foresee queues t to be made, unless it is there, being made, or not wanted. l.mu is held.
func (l *live) foresee(t tiles.Texture) {
	k := t.Key()
	if !l.wanted(k) {
		return
	}
	lt := l.textures[k]
	if lt == nil {
		lt = &liveTexture{}
		l.textures[k] = lt
	}
	if lt.job != nil || l.cache.byKey[k] != nil || l.disk.items[k] != nil || lt.whole.Value() != nil {
		return
	}
	lt.job = l.newJob(t)
	lt.job.foreseen = true
	l.queue.push(lt.job, &l.queue.foreseen)
}

// needless gives up a job that nobody has asked for and that something else answers for. It reports
// whether it did.
func (l *live) needless(j *job) bool {
	l.mu.Lock()
	foreseen := j.foreseen
	l.mu.Unlock()
	if !foreseen {
		return false
	}
	k := j.texture.Key()
	_, _, archived := l.shelf.find(k)
	if !archived && (l.real == nil || !l.real(k)) {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !j.foreseen {
		return false // somebody has asked since
	}
	l.forget(l.textures[k], j)
	return true
}

// foreseen notes what became of a texture that was foreseen. l.mu is held.
func (l *live) foreseen(c *content, cancelled error) {
	switch {
	case c != nil:
		l.counts.prefetched.Add(1)
	case cancelled == nil:
		l.ahead.paused = time.Now().Add(prefetchPause)
		for l.queue.foreseen.Len() > 0 {
			j := l.queue.foreseen.Front().Value.(*job)
			l.forget(l.textures[j.texture.Key()], j)
		}
	}
}

// yield has a prefetch under way give its worker to what somebody waits for. l.mu is held.
func (l *live) yield() {
	for j := range l.queue.ahead {
		if l.queue.awaited.Len() == 0 || l.queue.running < l.queue.workers {
			return
		}
		if j.ctx.Err() == nil {
			l.forget(l.textures[j.texture.Key()], j)
			return // one for one
		}
	}
}

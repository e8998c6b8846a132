package mount

import (
	"time"

	"github.com/xelpack/xelpack/pkg/mount/internal/ahead"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Prefetching makes textures before they are opened: the neighbours of one that was opened, and the
// rest of the row or column that the simulator seems to be loading. Idle workers do it, and one
// worker always stays free. A texture that an open waits for takes the worker of a running
// prefetch, which is cancelled. At most maxPrefetch predictions wait; the oldest are dropped first.
const (
	maxPrefetch = 64
	// prefetchPause follows a failed prefetch: a provider in trouble is asked only for what is
	// needed.
	prefetchPause = 30 * time.Second
)

// grid identifies the textures of one zoom level and maptype.
type grid struct {
	zl      tiles.ZL
	maptype string // lower case
}

// prefetch is the state from which predictions are made. Guarded by live.mu.
type prefetch struct {
	last   map[grid]tiles.Texture // the last texture opened
	paused time.Time              // no prefetch begins before this
	course ahead.Course           // of FS.Ahead
}

// predict queues the textures that are likely to be opened after t. l.mu is held.
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
		for _, next := range ahead.Row(last, t) {
			l.foresee(next)
		}
	}
	for _, next := range ahead.Around(t) {
		l.foresee(next)
	}
	for l.queue.foreseen.Len() > maxPrefetch {
		oldest := l.queue.foreseen.Front().Value.(*job)
		l.forget(l.textures[oldest.texture.Key()], oldest)
	}
	l.begin()
}

// foresee queues t to be made, unless it exists, is being made, or is not wanted, and reports
// whether it did. l.mu is held.
func (l *live) foresee(t tiles.Texture) bool {
	k := t.Key()
	if !l.wanted(k) {
		return false
	}
	lt := l.textures[k]
	if lt == nil {
		lt = &liveTexture{}
		l.textures[k] = lt
	}
	if lt.job != nil || l.cache.kept.Contains(k) || l.disk.items.Contains(k) ||
		lt.whole.Value() != nil {
		return false
	}
	lt.job = l.newJob(t)
	lt.job.foreseen = true
	l.queue.push(lt.job, &l.queue.foreseen)
	return true
}

// needless cancels a job that nobody has asked for if the texture is available elsewhere. It
// reports whether it did.
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
		return false // an open asks for it now
	}
	l.forget(l.textures[k], j)
	return true
}

// foreseen notes the outcome of a prefetched texture. l.mu is held.
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

// yield makes a running prefetch give its worker to a texture that is waited for. l.mu is held.
func (l *live) yield() {
	for j := range l.queue.ahead {
		if l.queue.awaited.Len() == 0 || l.queue.running < l.queue.workers {
			return
		}
		if j.ctx.Err() == nil {
			l.forget(l.textures[j.texture.Key()], j)
			return // one is enough
		}
	}
}

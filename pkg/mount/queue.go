package mount

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// maxAbandoned is how many textures that nobody waits for any more stay queued; the oldest are
// dropped first.
const maxAbandoned = 64

// job is one making of a texture, shared by all who want it in the meantime.
type job struct {
	texture tiles.Texture
	ctx     context.Context
	cancel  context.CancelFunc

	done    chan struct{} // closed once content and err are set
	content *content
	err     error

	// Guarded by live.mu.
	waiters  int
	standIn  func() *content // shared by all who wait; nil if nobody does
	answered bool            // an open got a stand-in: the texture is wanted even when nobody waits
	foreseen bool            // prefetched: nobody has asked for it yet
	place    *list.Element   // nil if it is not queued
	in       *list.List      // the list that place belongs to
}

// queue holds the jobs that have not started: those that somebody waits for come first, prefetches
// last. Guarded by live.mu.
type queue struct {
	workers, running             int
	awaited, abandoned, foreseen list.List

	ahead map[*job]bool // prefetches that have started
}

func (q *queue) push(j *job, to *list.List) {
	q.drop(j)
	j.place, j.in = to.PushBack(j), to
}

func (q *queue) drop(j *job) {
	if j.place != nil {
		j.in.Remove(j.place)
		j.place, j.in = nil, nil
	}
}

// spare reports whether a worker is free for what nobody waits for: one worker stays free.
func (q *queue) spare() bool { return q.running == 0 || q.running < q.workers-1 }

// next takes the job to start, or returns nil.
func (q *queue) next() *job {
	if q.running >= q.workers {
		return nil
	}
	for _, l := range []*list.List{&q.awaited, &q.abandoned, &q.foreseen} {
		e := l.Front()
		if e == nil {
			continue
		}
		j := e.Value.(*job)
		if j.foreseen {
			if !q.spare() {
				return nil
			}
			q.ahead[j] = true
		}
		q.drop(j)
		q.running++
		return j
	}
	return nil
}

// clear removes every job.
func (q *queue) clear() {
	for _, l := range []*list.List{&q.awaited, &q.abandoned, &q.foreseen} {
		for l.Len() > 0 {
			q.drop(l.Front().Value.(*job))
		}
	}
}

func (q *queue) len() int { return q.awaited.Len() + q.abandoned.Len() }

// join makes the caller wait for the making of t and queues it if needed. l.mu is held.
func (l *live) join(lt *liveTexture, t tiles.Texture) *job {
	j := lt.job
	if j == nil {
		l.ahead.course.Miss(t.Key())
		j = l.newJob(t)
		lt.job = j
		l.queue.push(j, &l.queue.awaited)
	} else if j.place != nil && j.in != &l.queue.awaited {
		l.queue.push(j, &l.queue.awaited)
	}
	j.foreseen = false
	delete(l.queue.ahead, j)
	if j.waiters++; j.waiters == 1 {
		j.standIn = sync.OnceValue(func() *content { return l.standIn(t) })
	}
	l.begin()
	l.yield()
	return j
}

func (l *live) newJob(t tiles.Texture) *job {
	j := &job{texture: t, done: make(chan struct{})}
	j.ctx, j.cancel = context.WithCancel(l.ctx)
	return j
}

// leave removes one caller from those who wait. l.mu is held.
func (l *live) leave(lt *liveTexture, j *job, why outcome) {
	j.waiters--
	j.answered = j.answered || why == late
	if j.waiters > 0 {
		return
	}
	j.standIn = nil
	switch {
	case lt.job != j: // finished
	case !j.answered: // every caller was killed
		l.counts.cancelled.Add(1)
		l.forget(lt, j)
	case j.place != nil:
		l.queue.push(j, &l.queue.abandoned)
		if l.queue.abandoned.Len() > maxAbandoned {
			oldest := l.queue.abandoned.Front().Value.(*job)
			l.forget(l.textures[oldest.texture.Key()], oldest)
		}
	}
}

// forget cancels j; the next caller who wants the texture starts over. l.mu is held.
func (l *live) forget(lt *liveTexture, j *job) {
	l.queue.drop(j)
	j.cancel()
	if lt.job == j {
		lt.job = nil
	}
}

// begin starts as many jobs as there are free workers. l.mu is held.
func (l *live) begin() {
	for l.ctx.Err() == nil {
		j := l.queue.next()
		if j == nil {
			j = l.nextAhead()
		}
		if j == nil {
			return
		}
		l.wg.Go(func() { l.work(j) })
	}
}

// work makes one texture.
func (l *live) work(j *job) {
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.queue.ahead, j)
		l.queue.running--
		l.begin()
	}()
	if l.needless(j) {
		return
	}
	ctx, cancel := context.WithTimeout(j.ctx, l.opts.GenerateTimeout)
	defer cancel()
	// A Generator that ignores its context keeps its worker, but not the callers who wait.
	stop := context.AfterFunc(ctx, func() { l.finish(j, nil, context.Cause(ctx)) })
	defer stop()
	c, err := l.generate(ctx, j.texture)
	l.finish(j, c, err)
	j.cancel()
}

// finish gives the outcome to the callers who wait, once, and keeps what was made.
func (l *live) finish(j *job, c *content, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := j.texture.Key()
	if c != nil {
		l.cache.put(k, c, time.Now(), keepIncomplete)
		l.disk.keep(j.texture, c)
	}
	select {
	case <-j.done:
		return
	default:
	}
	lt := l.textures[k]
	if lt.job == j {
		lt.job = nil
	}
	if c != nil || j.ctx.Err() == nil {
		l.ahead.course.Judge(k, c != nil && c.final, time.Now())
	}
	if j.foreseen {
		l.foreseen(c, j.ctx.Err())
	}
	j.content, j.err = c, err
	l.counts.made(c, j.ctx.Err()) // before anybody can be told
	close(j.done)
}

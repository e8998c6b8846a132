package logs

import (
	"io"
	"sync"
	"time"
)

// maxBehind bounds the bytes that wait to be written.
const maxBehind = 1 << 20

// Behind is a writer that never makes its caller wait: it writes to another writer in the
// background, in order. If that one blocks, such as a stopped terminal or a pipe that nobody reads,
// up to maxBehind bytes are kept, and further writes are dropped and counted. Safe for concurrent
// use.
type Behind struct {
	out  io.Writer
	lost func(writes int) // may be nil

	mu      sync.Mutex
	wake    *sync.Cond // wakes the goroutine: there is data, or the end
	queue   []byte
	dropped int             // writes dropped since the last report
	writing bool            // data taken from queue is being written
	waiters []chan struct{} // channels of Flush, closed when all is written
	closed  bool
	done    chan struct{}
}

// NewBehind returns a Behind in front of out. lost is called in the background, once out accepts
// data again, with the number of dropped writes; it may write to the Behind itself.
func NewBehind(out io.Writer, lost func(writes int)) *Behind {
	b := &Behind{out: out, lost: lost, done: make(chan struct{})}
	b.wake = sync.NewCond(&b.mu)
	go b.write()
	return b
}

// Write accepts all of p, or drops all of it; it never fails.
func (b *Behind) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || len(b.queue)+len(p) > maxBehind {
		b.dropped++
		return len(p), nil
	}
	b.queue = append(b.queue, p...)
	b.wake.Signal()
	return len(p), nil
}

// Flush waits, at most for wait, until everything written so far has reached the other writer, and
// reports whether it has.
func (b *Behind) Flush(wait time.Duration) bool {
	b.mu.Lock()
	if len(b.queue) == 0 && !b.writing {
		b.mu.Unlock()
		return true
	}
	written := make(chan struct{})
	b.waiters = append(b.waiters, written)
	b.mu.Unlock()
	return within(wait, written)
}

// within reports whether ch is closed within wait.
func within(wait time.Duration, ch <-chan struct{}) bool {
	patience := time.NewTimer(wait)
	defer patience.Stop()
	select {
	case <-ch:
		return true
	case <-patience.C:
		return false
	}
}

// Close writes what is waiting, for at most wait, and reports whether all of it was written. Later
// writes are dropped.
func (b *Behind) Close(wait time.Duration) bool {
	b.mu.Lock()
	b.closed = true
	b.wake.Signal()
	b.mu.Unlock()
	return within(wait, b.done)
}

// allWritten releases the callers of Flush. b.mu is held.
func (b *Behind) allWritten() {
	for _, written := range b.waiters {
		close(written)
	}
	b.waiters = nil
}

// write is the goroutine. It never ends if out blocks for ever.
func (b *Behind) write() {
	defer close(b.done)
	var writing []byte
	for {
		b.mu.Lock()
		b.writing = false
		for len(b.queue) == 0 && !b.closed {
			b.allWritten()
			b.wake.Wait()
		}
		if len(b.queue) == 0 {
			b.allWritten()
			b.mu.Unlock()
			return
		}
		writing, b.queue, b.writing = b.queue, writing[:0], true
		dropped := b.dropped // all later than what is being written, which filled the queue
		b.dropped = 0
		b.mu.Unlock()
		_, _ = b.out.Write(writing) // there is nowhere to report an error of the log itself
		if dropped > 0 && b.lost != nil {
			b.lost(dropped)
		}
	}
}

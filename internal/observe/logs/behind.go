package logs

import (
	"io"
	"sync"
	"time"
)

// maxBehind bounds the bytes that wait to be written.
const maxBehind = 1 << 20

// Behind is a writer that never makes its caller wait: what it is given is written to another one
// in the background, in order. When that one takes nothing, such as a terminal that was stopped or
// a pipe that nobody reads, so much of it is kept, and what goes beyond is dropped and counted.
// Safe for concurrent use.
type Behind struct {
	out  io.Writer
	lost func(writes int) // may be nil

	mu      sync.Mutex
	wake    *sync.Cond // of the goroutine: there is something, or the end
	queue   []byte
	dropped int             // writes since it was last said
	writing bool            // something that is in queue no more
	waiters []chan struct{} // of Flush, to be closed when all is written
	closed  bool
	done    chan struct{}
}

// NewBehind returns a Behind in front of out. lost is told, in the background and once out takes
// something again, how many writes were dropped; it may write to the Behind itself.
func NewBehind(out io.Writer, lost func(writes int)) *Behind {
	b := &Behind{out: out, lost: lost, done: make(chan struct{})}
	b.wake = sync.NewCond(&b.mu)
	go b.write()
	return b
}

// Write takes all of p, or drops all of it; it never fails.
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

// Flush waits, for so long at most, until all that was given so far is written, and reports whether
// it is.
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

// within reports whether ch is closed before the time is over.
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

// Close has what waits written, for so long at most, and reports whether all of it was. What is
// written afterwards is dropped.
func (b *Behind) Close(wait time.Duration) bool {
	b.mu.Lock()
	b.closed = true
	b.wake.Signal()
	b.mu.Unlock()
	return within(wait, b.done)
}

// allWritten lets those who flush go on. It is called with mu held.
func (b *Behind) allWritten() {
	for _, written := range b.waiters {
		close(written)
	}
	b.waiters = nil
}

// write is the goroutine. It stays where it is when out never takes anything again.
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
		dropped := b.dropped // all of them later than what is written now, which has filled the queue
		b.dropped = 0
		b.mu.Unlock()
		_, _ = b.out.Write(writing) // whoever took messages away cannot be told so
		if dropped > 0 && b.lost != nil {
			b.lost(dropped)
		}
	}
}

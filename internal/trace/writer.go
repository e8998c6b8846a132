package trace

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Options tune a Writer. The zero value is meant for use.
type Options struct {
	// Buffer is how many events may wait to be written; beyond it they are dropped and counted.
	// Default 65,536, about 6 MB.
	Buffer int
	// Every is how often what waits is written, so that a crash costs no more than that. Default 1
	// s.
	Every time.Duration
	// OnError is called once if the trace cannot go on, such as for a full disk. The file stays
	// good up to there. Nil: nobody hears.
	OnError func(error)
}

// Writer records events into a file while they happen. Safe for concurrent use.
type Writer struct {
	o     Options
	file  file
	began time.Time
	done  chan struct{} // closed when the writing goroutine has ended

	wake    chan struct{}
	closing chan struct{}
	once    sync.Once
	stopped atomic.Bool // nothing is recorded any more
	dropped atomic.Int64

	mu      sync.Mutex
	waiting []Event
	lost    int64 // since the last swap

	err error // of the writing goroutine, to be read after done
}

// file is what a Writer needs of one.
type file interface {
	io.WriteCloser
	Name() string
	Truncate(size int64) error
}

// Create starts a trace in a new file. One that exists is not overwritten: it is the record of
// another flight. Close it.
func Create(path string, o Options) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	return newWriter(f, o)
}

func newWriter(f file, o Options) (*Writer, error) {
	o.Buffer, o.Every = cmp.Or(o.Buffer, 1<<16), cmp.Or(o.Every, time.Second)
	w := &Writer{
		o: o, file: f, began: time.Now(), done: make(chan struct{}), wake: make(chan struct{}, 1), closing: make(chan struct{}),
		waiting: make([]Event, 0, o.Buffer),
	}
	e, err := NewEncoder(f, w.began)
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", f.Name(), errors.Join(err, f.Close(), os.Remove(f.Name())))
	}
	go w.run(e)
	return w, nil
}

// Since returns how long after the trace's beginning t is.
func (w *Writer) Since(t time.Time) time.Duration { return t.Sub(w.began) }

// Record adds an event. It never waits for the disk.
func (w *Writer) Record(e Event) {
	if w.stopped.Load() {
		return
	}
	w.mu.Lock()
	n := len(w.waiting)
	if n < cap(w.waiting) {
		w.waiting = append(w.waiting, e)
	} else {
		w.lost++
	}
	w.mu.Unlock()
	if n == w.o.Buffer/2 {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// Dropped returns how many events did not fit into the buffer.
func (w *Writer) Dropped() int64 { return w.dropped.Load() }

// Close writes what waits and closes the file. It returns how many events were dropped, and the
// error that stopped the trace, if one did. Calling it again does nothing more.
func (w *Writer) Close() (dropped int64, err error) {
	w.once.Do(func() {
		w.stopped.Store(true)
		close(w.closing)
	})
	<-w.done
	return w.dropped.Load(), w.err
}

// run writes until the Writer is closed or cannot write.
func (w *Writer) run(e *Encoder) {
	defer close(w.done)
	tick := time.NewTicker(w.o.Every)
	defer tick.Stop()
	spare := make([]Event, 0, w.o.Buffer)
	for last := false; !last; {
		select {
		case <-w.wake:
		case <-tick.C:
		case <-w.closing:
			last = true
		}
		var lost int64
		w.mu.Lock()
		spare, w.waiting = w.waiting, spare[:0]
		lost, w.lost = w.lost, 0
		w.mu.Unlock()
		if err := w.write(e, spare, lost); err != nil {
			w.stop(e, err)
			return
		}
	}
	w.err = w.file.Close()
}

func (w *Writer) write(e *Encoder, events []Event, lost int64) error {
	for _, ev := range events {
		if err := e.Encode(ev); err != nil {
			return err
		}
	}
	if lost > 0 {
		w.dropped.Add(lost)
		if err := e.Lost(lost); err != nil {
			return err
		}
	}
	return e.Flush()
}

// stop gives up the trace and leaves the file as it was after its last whole block.
func (w *Writer) stop(e *Encoder, err error) {
	w.stopped.Store(true)
	w.err = errors.Join(err, w.file.Truncate(e.written), w.file.Close())
	if w.o.OnError != nil {
		w.o.OnError(err)
	}
	w.mu.Lock()
	w.waiting = nil // a full buffer is worth having back
	w.mu.Unlock()
}

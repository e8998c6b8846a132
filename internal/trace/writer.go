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

// Options tune a Writer. The zero value is ready to use.
type Options struct {
	// Buffer is how many events may wait to be written; beyond it they are dropped and counted.
	// Default 65,536, about 6 MB.
	Buffer int
	// Every is how often waiting events are written; a crash loses at most that much. Default 1 s.
	Every time.Duration
	// OnError is called once if the trace cannot be continued, for example because the disk is
	// full. The file stays valid up to there. Default: none.
	OnError func(error)
}

// Writer records events into a file as they happen. Safe for concurrent use.
type Writer struct {
	o     Options
	file  file
	began time.Time
	done  chan struct{} // closed when the writing goroutine has ended

	wake    chan struct{}
	closing chan struct{}
	once    sync.Once
	stopped atomic.Bool // recording has stopped
	dropped atomic.Int64

	mu      sync.Mutex
	waiting []Event
	lost    int64 // since the last swap

	err error // of the writing goroutine; read it after done
}

// file is the part of os.File that a Writer needs.
type file interface {
	io.WriteCloser
	Name() string
	Truncate(size int64) error
}

// Create starts a trace in a new file. It does not overwrite an existing one, which is the record
// of another flight. The caller must Close it.
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
		o: o, file: f, began: time.Now(), done: make(chan struct{}), wake: make(chan struct{},
			1), closing: make(chan struct{}),
		waiting: make([]Event, 0, o.Buffer),
	}
	e, err := NewEncoder(f, w.began)
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", f.Name(),
			errors.Join(err, f.Close(), os.Remove(f.Name())))
	}
	go w.run(e)
	return w, nil
}

// Since returns the time from the trace's beginning to t.
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

// Close writes waiting events and closes the file. It returns how many events were dropped, and the
// error that stopped the trace, if any. Further calls do nothing.
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

// stop abandons the trace and truncates the file to its last complete block.
func (w *Writer) stop(e *Encoder, err error) {
	w.stopped.Store(true)
	w.err = errors.Join(err, w.file.Truncate(e.written), w.file.Close())
	if w.o.OnError != nil {
		w.o.OnError(err)
	}
	w.mu.Lock()
	w.waiting = nil // free the buffer
	w.mu.Unlock()
}

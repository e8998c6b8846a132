package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/contents"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Writer builds one archive. Its methods are safe for concurrent use; one goroutine of its own does
// all the writing.
type Writer struct {
	ctx     context.Context // never cancelled: for the methods without a context
	path    string
	lock    *sqlite.Lock
	o       WriterOptions
	own     *sqlite.Pool     // the one connection that writes, lent for look-ups in between
	readers *contents.Reader // through own, or, with a WAL, through connections that need not wait
	store   store            // used by the writing goroutine, while it has own
	behind  filesys.WriteBehind
	stored  atomic.Int64
	// start of the writing goroutine's current task, in Unix nanoseconds; 0: idle
	busy atomic.Int64

	room  *semaphore.Weighted // bytes of waiting contents
	queue chan job
	idle  chan struct{} // closed when the writing goroutine has ended

	mu      sync.Mutex
	pending map[tiles.Key]*Record // put but not yet committed
	err     error                 // of the first write that failed: nothing is written after it
	closed  bool
	callers sync.WaitGroup // callers that may still send to queue
}

// job is a task of the writing goroutine inside a transaction.
type job struct {
	do    func(ctx context.Context) error // nil: only the answer
	bytes int64                           // room that it takes
	// bytes of segments that count towards the end of the transaction
	written int64
	record  *Record // pending until the commit
	// receives the result once everything up to here is committed; nil: not needed
	answer chan<- error
}

// leastRoom is what a job costs besides its content: it bounds the number of waiting jobs.
const leastRoom = 64 << 10

// start takes over the lock and the connection.
func start(ctx context.Context, path string, lock *sqlite.Lock, s store,
	o WriterOptions) (*Writer, error) {
	own := sqlite.PoolOf(s.c)
	conns := own
	if o.Growing {
		conns = sqlite.NewPool(path+partSuffix, sqlite.ReadOnly, 4)
	}
	readers, err := contents.NewReader(conns, -1)
	if err != nil {
		return nil, err
	}
	behind, err := filesys.NewWriteBehind(path + partSuffix)
	if err != nil {
		return nil, err
	}
	w := &Writer{
		// The writing outlives the call that started it, and ends with Close.
		ctx:  context.WithoutCancel(ctx),
		path: path, lock: lock, o: o,
		own:     own,
		readers: readers,
		store:   s,
		behind:  behind,
		room:    semaphore.NewWeighted(o.QueueBytes),
		queue:   make(chan job, o.QueueBytes/leastRoom+1),
		idle:    make(chan struct{}),
		pending: make(map[tiles.Key]*Record),
	}
	go w.run(w.ctx)
	return w, nil
}

// Has returns the record of key k, stored or queued. It may wait for the current write.
func (w *Writer) Has(k tiles.Key) (Record, bool) {
	w.mu.Lock()
	r, ok := w.pending[k]
	ok = ok && w.err == nil
	w.mu.Unlock()
	if ok {
		return *r, true
	}
	var rec Record
	err := w.readers.Conns.Do(w.ctx, func(c *sqlite.Conn) (err error) {
		rec, ok, err = findRecord(w.ctx, c, k)
		return err
	})
	// A record that cannot be read is treated as missing: Put replaces it.
	return rec, ok && err == nil
}

// Put queues a texture to be written. It waits while QueueBytes are queued. Layout and SHA256 of r
// are taken from c. A second Put of a key replaces the first. Once a write has failed, every Put
// returns that error; ErrFull means that the disk is full.
func (w *Writer) Put(ctx context.Context, r Record, c *Content) error {
	if err := r.valid(); err != nil {
		return fmt.Errorf("%s: put texture %s: %w", w.path, r.Texture, err)
	}
	r.Layout, r.SHA256 = c.stored.Layout, c.stored.SHA
	return w.enqueue(ctx, job{
		do: func(ctx context.Context) error {
			n, err := w.store.put(ctx, r, c)
			w.stored.Add(n)
			if err != nil {
				return fmt.Errorf("write texture %s: %w", r.Texture, err)
			}
			return nil
		},
		bytes:   c.Bytes(),
		written: c.Bytes(),
		record:  &r,
	})
}

// enqueue passes j to the writing goroutine, once there is room.
func (w *Writer) enqueue(ctx context.Context, j job) error {
	w.mu.Lock()
	err := w.err
	if w.closed {
		err = ErrClosed
	}
	if err != nil {
		w.mu.Unlock()
		return err
	}
	w.callers.Add(1)
	w.mu.Unlock()
	defer w.callers.Done()

	j.bytes = min(max(j.bytes, leastRoom), w.o.QueueBytes)
	if err := w.room.Acquire(ctx, j.bytes); err != nil {
		return err
	}
	if j.record != nil {
		w.mu.Lock()
		w.pending[j.record.Key()] = j.record
		w.mu.Unlock()
	}
	w.queue <- j // never blocks: it has a slot for every job that room admits
	return w.failure()
}

func (w *Writer) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// flush waits until everything queued so far is committed.
func (w *Writer) flush(ctx context.Context) error {
	answer := make(chan error, 1)
	if err := w.enqueue(ctx, job{answer: answer}); err != nil {
		return err
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stored returns the bytes of segments written so far by this Writer.
func (w *Writer) Stored() int64 { return w.stored.Load() }

// Close commits everything queued and leaves path.part to be continued by another Create, unless
// that is an unchanged copy. After Finish it does nothing. It returns the error that stopped the
// writing, if any.
func (w *Writer) Close() error {
	if !w.stop() {
		return nil
	}
	err := w.failure()
	// Back into one file, so that it can be read and moved; if a reader prevents that, it stays in
	// WAL mode.
	_ = w.store.c.Exec(w.ctx, `PRAGMA journal_mode = DELETE`)
	end := w.release()
	if w.store.copied { // and unchanged
		end = errors.Join(end, os.Remove(w.path+partSuffix))
	}
	return errors.Join(err, explain(w.path, errors.Join(end, w.lock.Release())))
}

// stop ends the writing goroutine and the readers. It reports whether this call did.
func (w *Writer) stop() bool {
	w.mu.Lock()
	again := w.closed
	w.closed = true
	w.mu.Unlock()
	if again {
		<-w.idle
		return false
	}
	w.callers.Wait()
	close(w.queue)
	<-w.idle
	if w.o.Growing {
		// They would keep the file in WAL mode. An error of a connection that only read does not
		// matter any more.
		_ = w.readers.Close()
	}
	return true
}

// release closes the connection and only then other descriptors of the file: closing those would
// drop SQLite's locks on it.
func (w *Writer) release() error { return errors.Join(w.own.Close(), w.behind.Close()) }

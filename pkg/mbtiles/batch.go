package mbtiles

import (
	"context"
	"fmt"
	"time"

	"github.com/xelpack/xelpack/internal/sqlite"
)

// run is the writing goroutine. After a failure it continues to take jobs and drops them, so that
// no caller waits for ever.
func (w *Writer) run(ctx context.Context) {
	defer close(w.idle)
	batch := batch{w: w}
	timer := time.NewTimer(w.o.CommitEvery)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			w.alone(ctx, batch.commit)
		case j, more := <-w.queue:
			if !more {
				w.alone(ctx, batch.commit)
				return
			}
			fresh := !batch.open
			w.alone(ctx, func(ctx context.Context) { batch.add(ctx, j) })
			w.room.Release(j.bytes)
			if batch.open && fresh {
				timer.Reset(w.o.CommitEvery)
			}
		}
		if !batch.open {
			timer.Stop()
		}
	}
}

// alone makes the writing goroutine call do while nothing else uses its connection.
func (w *Writer) alone(ctx context.Context, do func(context.Context)) {
	w.busy.Store(time.Now().UnixNano())
	defer w.busy.Store(0)
	// Neither can fail: the connection is closed after this goroutine has ended, and its ctx is
	// never cancelled.
	_ = w.own.Do(ctx, func(*sqlite.Conn) error { do(ctx); return nil })
}

// batch is one transaction.
type batch struct {
	w       *Writer
	open    bool
	bytes   int64
	records []*Record
}

func (b *batch) add(ctx context.Context, j job) {
	if j.record != nil {
		b.records = append(b.records, j.record)
	}
	err := b.w.failure()
	if err == nil && j.do != nil {
		if !b.open {
			err = b.w.store.c.Exec(ctx, `BEGIN IMMEDIATE`)
			b.open = err == nil
		}
		if err == nil {
			err = j.do(ctx)
		}
		b.bytes += j.written
		b.w.behind.Wrote(j.written)
	}
	if err != nil {
		b.fail(ctx, err)
	} else if j.answer != nil || b.bytes >= b.w.o.CommitBytes {
		b.commit(ctx)
	}
	if j.answer != nil {
		j.answer <- b.w.failure()
	}
}

func (b *batch) commit(ctx context.Context) {
	if !b.open {
		return
	}
	if err := b.w.store.c.Exec(ctx, `COMMIT`); err != nil {
		b.fail(ctx, fmt.Errorf("commit: %w", sqlite.WhoReads(err)))
		return
	}
	b.end()
}

// fail ends the transaction, and the writing altogether: later writes might build on what was lost.
func (b *batch) fail(ctx context.Context, err error) {
	b.w.mu.Lock()
	if b.w.err == nil {
		b.w.err = explain(b.w.path+partSuffix, err)
	}
	b.w.mu.Unlock()
	if b.open {
		// SQLite may have rolled back by itself, and then returns an error.
		_ = b.w.store.c.Exec(ctx, `ROLLBACK`)
	}
	b.end()
}

func (b *batch) end() {
	b.w.mu.Lock()
	for _, r := range b.records {
		if k := r.Key(); b.w.pending[k] == r { // not put again since
			delete(b.w.pending, k)
		}
	}
	b.w.mu.Unlock()
	clear(b.records)
	b.open, b.bytes, b.records = false, 0, b.records[:0]
}

package mbtiles

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/contents"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
)

// drawing draws the previews of a new archive that are not a texture's own, while its contents come:
// of a remote archive the line would be idle if it were done afterwards.
type drawing struct {
	index   *index
	pyramid *preview.Pyramid
	own     *filesys.Spool // previews of the contents
	drawn   *filesys.Spool // all others, in the order in which they were drawn

	cancel context.CancelFunc
	ended  chan struct{} // closed once err is set
	err    error

	mu       sync.Mutex
	contents int // that have come, the first ones
	rows     int // of the index, the first ones, whose contents have come
	reader   *contents.Reader
	places   map[preview.Tile]int // where in drawn a preview is; -1: planned
	changed  chan struct{}        // closed, and made anew, when any of these changes
}

var _ preview.Coming = (*drawing)(nil)

// draw begins to draw. The drawing must be closed.
func (a *assembling) draw(ctx context.Context, dir string) (*drawing, error) {
	d := &drawing{index: a.index, pyramid: preview.New(a.index), own: a.previews,
		places: make(map[preview.Tile]int), ended: make(chan struct{}),
		changed: make(chan struct{})}
	var err error
	if d.drawn, err = filesys.NewSpool(dir); err != nil {
		return nil, err
	}
	for t := range d.pyramid.Drawn() {
		d.places[t] = -1
	}
	ctx, d.cancel = context.WithCancel(ctx)
	go func() {
		defer close(d.ended)
		d.err = d.pyramid.DrawEarly(ctx, d)
	}()
	return d, nil
}

// Close ends it.
func (d *drawing) Close() error {
	d.cancel()
	<-d.ended
	return d.drawn.Close()
}

// tell wakes those who wait. d.mu is held.
func (d *drawing) tell() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// came says that the next content has come: its preview is in own.
func (d *drawing) came() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.contents++
	for d.rows < len(d.index.rows) && d.index.rows[d.rows].content <= int64(d.contents) {
		d.rows++
	}
	d.tell()
}

// finish says that all can be read, and waits for the end of the drawing.
func (d *drawing) finish(r *contents.Reader) error {
	d.mu.Lock()
	d.reader = r
	d.tell()
	d.mu.Unlock()
	<-d.ended
	return d.err
}

// wait waits until done, which is called with d.mu held.
func (d *drawing) wait(ctx context.Context, done func() bool) error {
	for {
		d.mu.Lock()
		ok, changed := done(), d.changed
		d.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *drawing) Await(ctx context.Context, n int) error {
	return d.wait(ctx, func() bool { return d.reader != nil || n <= d.rows })
}

func (d *drawing) Tile(ctx context.Context, t preview.Tile) ([]byte, error) {
	if s, ok := d.pyramid.Find(t); ok {
		return d.own.Get(int(d.index.rows[s.Row].content - 1))
	}
	at, planned := 0, false
	err := d.wait(ctx, func() bool { at, planned = d.places[t]; return !planned || at >= 0 })
	if err != nil || !planned {
		return nil, err
	}
	return d.drawn.Get(at)
}

func (d *drawing) Put(_ context.Context, t preview.Tile, jpeg []byte) error {
	n, err := d.drawn.Add(jpeg)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.places[t] = n
	d.tell()
	return nil
}

func (d *drawing) ReadAt(ctx context.Context, i int, p []byte, off int64) error {
	e := d.index.entry(i)
	_, err := d.reader.ReadAt(ctx, e.content, e.Layout, nil, p, off)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return err
}

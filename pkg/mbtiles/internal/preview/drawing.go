package preview

import (
	"context"

	"github.com/xelpack/xelpack/internal/filesys"
)

// Drawing draws the previews of a new archive that are not a texture's own, while its contents come:
// of a remote archive the line would be idle if it were done afterwards.
type Drawing struct {
	*Pyramid
	content func(row int) int64 // the contents are numbered from 1
	own     *filesys.Spool      // previews of the contents
	drawn   *filesys.Spool      // all others, in the order in which they were drawn

	cancel context.CancelFunc
	ended  chan struct{} // closed once err is set
	err    error

	news
	contents int // that have come, the first ones
	rows     int // of the index, the first ones, whose contents have come
	read     ReadAt
	places   map[Tile]int // where in drawn a preview is; -1: planned
}

var _ Coming = (*Drawing)(nil)

// ReadAt fills p from the DDS file of texture i.
type ReadAt func(ctx context.Context, i int, p []byte, off int64) error

// Begin begins to draw, with a file of its own in dir. content tells the number of a texture's
// content, own has the previews of the contents as they come. The drawing must be closed.
func (p *Pyramid) Begin(ctx context.Context, dir string, own *filesys.Spool, content func(row int) int64) (*Drawing, error) {
	d := &Drawing{Pyramid: p, content: content, own: own, places: make(map[Tile]int), ended: make(chan struct{}),
		news: newNews()}
	var err error
	if d.drawn, err = filesys.NewSpool(dir); err != nil {
		return nil, err
	}
	for t := range p.Drawn() {
		d.places[t] = -1
	}
	ctx, d.cancel = context.WithCancel(ctx)
	go func() {
		defer close(d.ended)
		d.err = p.DrawEarly(ctx, d)
	}()
	return d, nil
}

// Close ends it.
func (d *Drawing) Close() error {
	d.cancel()
	<-d.ended
	return d.drawn.Close()
}

// Came says that the next content has come: its preview is in own.
func (d *Drawing) Came() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.contents++
	for d.rows < d.textures.Len() && d.content(d.rows) <= int64(d.contents) {
		d.rows++
	}
	d.tell()
}

// Finish says that all can be read, and waits for the end of the drawing.
func (d *Drawing) Finish(read ReadAt) error {
	d.mu.Lock()
	d.read = read
	d.tell()
	d.mu.Unlock()
	<-d.ended
	return d.err
}

// Await implements Coming.
func (d *Drawing) Await(ctx context.Context, n int) error {
	return d.wait(ctx, func() bool { return d.read != nil || n <= d.rows })
}

// Tile implements Coming.
func (d *Drawing) Tile(ctx context.Context, t Tile) ([]byte, error) {
	if s, ok := d.Find(t); ok {
		return d.own.Get(int(d.content(s.Row) - 1))
	}
	at, planned := 0, false
	err := d.wait(ctx, func() bool { at, planned = d.places[t]; return !planned || at >= 0 })
	if err != nil || !planned {
		return nil, err
	}
	return d.drawn.Get(at)
}

// Put implements Coming.
func (d *Drawing) Put(_ context.Context, t Tile, jpeg []byte) error {
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

// ReadAt implements Coming.
func (d *Drawing) ReadAt(ctx context.Context, i int, p []byte, off int64) error {
	return d.read(ctx, i, p, off)
}

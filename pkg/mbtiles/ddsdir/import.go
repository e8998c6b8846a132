package ddsdir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// Options control an import. The zero value stores files uncompressed.
type Options struct {
	Compression mbtiles.Compression
	Provider    string // recorded as the provider of the textures
	// goroutines that read and compress, each with a texture in memory; default: number of
	// processors
	Workers int
	// called with bytes of DDS files, from one goroutine at a time; may be nil
	Progress func(done, total int64)
}

// Report is the result of an import. Scripts rely on its JSON.
type Report struct {
	Imported int       `json:"imported"`
	Present  int       `json:"present"` // imported by an earlier, interrupted run
	Skipped  []Skipped `json:"skipped"` // sorted by file
	Others   int       `json:"others"`  // files that are not DDS
	Bytes    int64     `json:"bytes"`   // of the files imported
}

// Import puts the files of Find into an archive. Files that have changed since, or cannot be read,
// are skipped, and so are textures that w has already.
func Import(ctx context.Context, w *mbtiles.Writer, found Files, o Options) (Report, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	im := importer{w: w, o: o,
		report: Report{Skipped: slices.Clone(found.Skipped), Others: found.Others}}
	for _, f := range found.Files {
		im.total += f.Layout.Size()
	}
	im.workers.New = func() any { return &importWorker{enc: mbtiles.NewEncoder(o.Compression)} }
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(o.Workers)
	for _, f := range found.Files {
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error { return im.file(gctx, f) })
	}
	err := g.Wait()
	if err == nil {
		err = ctx.Err()
	}
	slices.SortFunc(im.report.Skipped,
		func(a, b Skipped) int {
			return slices.Compare([]string{a.File, a.Why}, []string{b.File, b.Why})
		})
	return im.report, err
}

type importer struct {
	w       *mbtiles.Writer
	o       Options
	total   int64
	workers sync.Pool

	mu     sync.Mutex
	done   int64
	report Report
}

// importWorker is the memory for one texture.
type importWorker struct {
	enc *mbtiles.Encoder
	buf []byte
}

func (im *importer) file(ctx context.Context, f File) error {
	if _, ok := im.w.Has(f.Texture.Key()); ok {
		im.count(f, func(r *Report) { r.Present++ })
		return nil
	}
	worker := im.workers.Get().(*importWorker)
	defer im.workers.Put(worker)
	content, err := worker.read(f)
	if err != nil {
		im.count(f, func(r *Report) { r.Skipped = append(r.Skipped, Skipped{f.Path, err.Error()}) })
		return nil
	}
	detail := bits.Len(uint(dds.MaxSide/f.Layout.Side)) - 1
	side := max(1, 16>>detail)
	record := mbtiles.Record{Texture: f.Texture, Detail: uint8(detail), Chunks: side * side,
		Failed: min(f.Failed, side*side), Provider: im.o.Provider}
	if err := im.w.Put(ctx, record, content); err != nil {
		return err
	}
	im.count(f, func(r *Report) { r.Imported++; r.Bytes += f.Layout.Size() })
	return nil
}

func (im *importer) count(f File, note func(*Report)) {
	im.mu.Lock()
	defer im.mu.Unlock()
	note(&im.report)
	im.done += f.Layout.Size()
	if im.o.Progress != nil {
		im.o.Progress(im.done, im.total)
	}
}

// read loads a file and makes a content of it, with the archive's own header.
func (w *importWorker) read(f File) (*mbtiles.Content, error) {
	in, err := os.Open(f.Path)
	if err != nil {
		return nil, sqlite.Bare(err)
	}
	defer func() { _ = in.Close() }()
	size := int(f.Layout.Size())
	w.buf = slices.Grow(w.buf[:0], size+1)[:size+1]
	n, err := io.ReadFull(in, w.buf)
	if err == nil || n != size || !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("it changed while it was read: at least %d bytes, want %d", n, size)
	}
	file := w.buf[:size]
	if l, err := foreignLayout(file[:dds.HeaderSize]); err != nil || l != f.Layout {
		return nil, errors.New("it changed while it was read")
	}
	header := f.Layout.Header()
	copy(file, header[:])
	return w.enc.Encode(file)
}

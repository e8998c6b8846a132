package mbtiles

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
)

// ImportOptions say how files get into an archive. The zero value stores them uncompressed.
type ImportOptions struct {
	Compression Compression
	Provider    string                  // that the textures are said to be from
	Workers     int                     // that read and compress at once, a texture each in memory; default one a processor
	Progress    func(done, total int64) // bytes of DDS files, from one goroutine at a time; may be nil
}

// ImportReport says what became of the files. Its JSON is a contract with scripts.
type ImportReport struct {
	Imported int           `json:"imported"`
	Present  int           `json:"present"` // of an earlier, interrupted import
	Skipped  []SkippedFile `json:"skipped"` // sorted by file
	Others   int           `json:"others"`  // files that are no DDS
	Bytes    int64         `json:"bytes"`   // of the files imported
}

// ImportDDS puts files that FindDDS has found into an archive. Files that have changed since, or cannot be read, are skipped. What w has already is passed over.
func ImportDDS(ctx context.Context, w *Writer, found DDSFiles, o ImportOptions) (ImportReport, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	im := importer{w: w, o: o, report: ImportReport{Skipped: slices.Clone(found.Skipped), Others: found.Others}}
	for _, f := range found.Files {
		im.total += f.Layout.Size()
	}
	im.workers.New = func() any { return &importWorker{enc: NewEncoder(o.Compression)} }
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
	slices.SortFunc(im.report.Skipped, func(a, b SkippedFile) int { return slices.Compare([]string{a.File, a.Why}, []string{b.File, b.Why}) })
	return im.report, err
}

type importer struct {
	w       *Writer
	o       ImportOptions
	total   int64
	workers sync.Pool

	mu     sync.Mutex
	done   int64
	report ImportReport
}

// importWorker has the memory for one texture.
type importWorker struct {
	enc *Encoder
	buf []byte
}

func (im *importer) file(ctx context.Context, f DDSFile) error {
	if _, ok := im.w.Has(f.Texture.Key()); ok {
		im.count(f, func(r *ImportReport) { r.Present++ })
		return nil
	}
	worker := im.workers.Get().(*importWorker)
	defer im.workers.Put(worker)
	content, err := worker.read(f)
	if err != nil {
		im.count(f, func(r *ImportReport) { r.Skipped = append(r.Skipped, SkippedFile{f.Path, err.Error()}) })
		return nil
	}
	detail := bits.Len(uint(dds.MaxSide/f.Layout.Side)) - 1
	side := max(1, 16>>detail)
	record := Record{Texture: f.Texture, Detail: uint8(detail), Chunks: side * side, Failed: min(f.Failed, side*side), Provider: im.o.Provider}
	if err := im.w.Put(ctx, record, content); err != nil {
		return err
	}
	im.count(f, func(r *ImportReport) { r.Imported++; r.Bytes += f.Layout.Size() })
	return nil
}

func (im *importer) count(f DDSFile, note func(*ImportReport)) {
	im.mu.Lock()
	defer im.mu.Unlock()
	note(&im.report)
	im.done += f.Layout.Size()
	if im.o.Progress != nil {
		im.o.Progress(im.done, im.total)
	}
}

// read loads a file and makes a content of it, under the header that the archive has for it.
func (w *importWorker) read(f DDSFile) (*Content, error) {
	in, err := os.Open(f.Path)
	if err != nil {
		return nil, sqlite.Bare(err)
	}
	defer in.Close()
	size := int(f.Layout.Size())
	w.buf = slices.Grow(w.buf[:0], size+1)[:size+1]
	n, err := io.ReadFull(in, w.buf)
	if err == nil || n != size || !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("it has changed while it was read: %d bytes or more, not %d", n, size)
	}
	file := w.buf[:size]
	if l, err := foreignLayout(file[:dds.HeaderSize]); err != nil || l != f.Layout {
		return nil, errors.New("it has changed while it was read")
	}
	header := f.Layout.Header()
	copy(file, header[:])
	return w.enc.Encode(file)
}

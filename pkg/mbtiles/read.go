package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/blocks"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// reader reads textures out of an archive that may be being written. Any number of goroutines may
// use it.
type reader struct {
	conns   *sqlite.Pool
	direct  *sqlpages.Table // nil: SQLite reads the segments
	decoder *segment.Decoder
	cache   *segment.Cache
	ahead   ahead
	file    os.FileInfo // of what pin has opened
}

// newReader opens nothing yet. It keeps up to cacheBytes of segments.
func newReader(conns *sqlite.Pool, cacheBytes int64) (*reader, error) {
	d, err := segment.NewDecoder()
	if err != nil {
		return nil, err
	}
	return &reader{conns: conns, decoder: d, cache: segment.NewCache(cacheBytes)}, nil
}

// soleReader reads an archive through a connection that has it to itself, and through its pages, of
// which root is that of the segments.
func soleReader(c *sqlite.Conn, path string, root uint32) (*reader, error) {
	r, err := newReader(sqlite.PoolOf(c), -1)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, sqlite.Bare(err)
	}
	r.direct = sqlpages.NewTable(f, int64(root), blocks.Slack)
	return r, nil
}

// pin opens all that will ever be opened, so that a new archive of the same name does not get mixed
// with this one. Nobody may write the file. It is called before any reading.
func (r *reader) pin(ctx context.Context) error {
	before, err := os.Stat(r.conns.Path())
	if err != nil {
		return sqlite.Bare(err)
	}
	if err := r.conns.Open(); err != nil {
		return err
	}
	var root int64
	err = r.conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		root, err = c.Number(ctx, `SELECT rootpage FROM sqlite_schema WHERE name = 'segments'`)
		return err
	})
	if err != nil {
		return err
	}
	f, err := os.Open(r.conns.Path())
	if err != nil {
		return sqlite.Bare(err)
	}
	if r.direct = sqlpages.NewTable(f, root, blocks.Slack); r.direct == nil {
		defer func() { _ = f.Close() }()
	}
	after, err := f.Stat()
	if err != nil {
		return sqlite.Bare(err)
	}
	if !os.SameFile(before, after) {
		return errors.New("it was replaced while it was being opened; try again")
	}
	r.file = after
	return nil
}

// close waits for the queries in progress and closes the file.
func (r *reader) close() error {
	r.ahead.close()
	var err error
	if r.direct != nil {
		if err = r.direct.Close(); errors.Is(err, os.ErrClosed) {
			err = nil
		}
	}
	return errors.Join(err, r.conns.Close())
}

// readAt is Archive.ReadAt for a content of a layout.
func (r *reader) readAt(ctx context.Context, content int64, l dds.Layout, p []byte, off int64) (int, error) {
	cut := segment.CutOf(l)
	if off < 0 {
		return 0, fmt.Errorf("offset %d is negative", off)
	}
	if off >= cut.Size {
		return 0, io.EOF
	}
	var atEnd error
	if int64(len(p)) > cut.Size-off {
		p, atEnd = p[:cut.Size-off], io.EOF
	}
	n := 0
	if off < dds.HeaderSize {
		h := l.Header()
		n = copy(p, h[off:])
	}
	for n < len(p) {
		at := off + int64(n)
		number := cut.At(at)
		start, length := cut.Bounds(number)
		within := int(at - start)
		dst := p[n:][:min(len(p)-n, length-within)]
		if err := r.readPiece(ctx, cut.Piece(content, number), dst, within); err != nil {
			return n, err
		}
		n += len(dst)
	}
	return n, atEnd
}

// readPiece fills dst from a segment, from within on.
func (r *reader) readPiece(ctx context.Context, p segment.Piece, dst []byte, within int) error {
	b, ok := r.cache.Peek(p.ID)
	if !ok && len(dst) == p.Length {
		// All of it, once: straight to where it is wanted, past the cache.
		return r.load(ctx, p, dst)
	}
	if !ok && r.direct != nil && ctx.Err() == nil && r.direct.Part(p.ID, p.Length, dst, within) {
		return nil
	}
	if !ok {
		var err error
		b, err = r.cache.Acquire(ctx, p.ID, p.Length, func(buf []byte) error { return r.load(ctx, p, buf) })
		if err != nil {
			return err
		}
	}
	copy(dst, b.Data[within:])
	r.cache.Release(b)
	return nil
}

// load reads and decodes a segment into buf, which has its length.
func (r *reader) load(ctx context.Context, p segment.Piece, buf []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	decode := func(codec int64, data []byte) error {
		return r.decoder.Decode(segment.Stored{Codec: codec, Data: data}, p.Shape, buf)
	}
	if r.direct != nil && r.direct.Load(p.ID, buf, decode) {
		return nil
	}
	_, err := r.stored(ctx, p, buf)
	return err
}

// stored is load through SQLite, and returns the segment as it is stored.
func (r *reader) stored(ctx context.Context, p segment.Piece, buf []byte) (s segment.Stored, err error) {
	err = r.conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		s, err = storedSegment(ctx, c, p)
		return err
	})
	if err == nil {
		err = unpack(r.decoder, s, p, buf)
	}
	return s, err
}

// storedSegment reads a segment as it is stored.
func storedSegment(ctx context.Context, c *sqlite.Conn, p segment.Piece) (s segment.Stored, err error) {
	found := false
	err = c.Query(ctx, `SELECT codec, data FROM segments WHERE id = ?`, func(r *sqlite.Row) error {
		s, found = segment.Stored{Codec: r.Int(0), Data: r.Blob(1)}, true
		return nil
	}, p.ID)
	if err == nil && !found {
		err = corrupt("the row is missing")
	}
	return s, named(p, err)
}

// unpack decodes a segment into buf, which has its length.
func unpack(d *segment.Decoder, s segment.Stored, p segment.Piece, buf []byte) error {
	if err := d.Decode(s, p.Shape, buf); err != nil {
		return named(p, corrupt("%v", err))
	}
	return nil
}

// named says which segment an error is about.
func named(p segment.Piece, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("segment %d (content %d, piece %d): %w", p.ID, p.ID>>8, p.ID&0xff, err)
}

// ReadAt reads len(p) bytes of e's DDS file from off on, as io.ReaderAt does: it returns fewer only
// with an error, which is io.EOF at the end of the file.
func (a *Archive) ReadAt(ctx context.Context, e Entry, p []byte, off int64) (int, error) {
	n, err := a.readAt(ctx, e.content, e.Layout, p, off)
	if err != nil && err != io.EOF {
		err = explain(a.path, fmt.Errorf("read texture %s: %w", e.Texture, err))
	}
	return n, err
}

// WriteTo writes e's whole DDS file to w, in pieces of 256 KiB.
func (a *Archive) WriteTo(ctx context.Context, e Entry, w io.Writer) error {
	buf := a.cache.Buffer(segment.Bytes)
	defer a.cache.Recycle(buf)
	// The first piece ends with the header, so that the others are whole segments.
	p := buf[:dds.HeaderSize]
	for off := int64(0); off < e.Layout.Size(); p = buf {
		n, err := a.ReadAt(ctx, e, p, off)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if _, err := w.Write(p[:n]); err != nil {
			return fmt.Errorf("write texture %s: %w", e.Texture, err)
		}
		off += int64(n)
	}
	return nil
}

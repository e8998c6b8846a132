package contents

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/blocks"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// Reader reads contents out of an archive that may be being written. Any number of goroutines may
// use it.
type Reader struct {
	Conns   *sqlite.Pool
	Pages   *sqlpages.Table // nil: SQLite reads the segments
	Decoder *segment.Decoder
	Decoded *segment.Decoded
	Ahead   Ahead
	File    os.FileInfo // of what Pin has opened

	pinned      *os.File
	overwritten atomic.Bool

	Remote Remote // nil: the file is here
}

// NewReader opens nothing yet. It keeps up to decodedBytes of segments.
func NewReader(conns *sqlite.Pool, decodedBytes int64) (*Reader, error) {
	d, err := segment.NewDecoder()
	if err != nil {
		return nil, err
	}
	return &Reader{Conns: conns, Decoder: d, Decoded: segment.NewDecoded(decodedBytes)}, nil
}

// SoleReader reads an archive through a connection that has it to itself, and through its pages, of
// which root is that of the segments.
func SoleReader(c *sqlite.Conn, path string, root uint32) (*Reader, error) {
	r, err := NewReader(sqlite.PoolOf(c), -1)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, sqlite.Bare(err)
	}
	r.Pages = sqlpages.NewTable(f, int64(root), blocks.Slack)
	return r, nil
}

// Pin opens all that will ever be opened, so that a new archive of the same name does not get mixed
// with this one. Nobody may write the file. It is called before any reading.
func (r *Reader) Pin(ctx context.Context) error {
	before, err := os.Stat(r.Conns.Path())
	if err != nil {
		return sqlite.Bare(err)
	}
	if err := r.Conns.Open(); err != nil {
		return err
	}
	var root int64
	err = r.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		root, err = c.Number(ctx, `SELECT rootpage FROM sqlite_schema WHERE name = 'segments'`)
		return err
	})
	if err != nil {
		return err
	}
	f, err := os.Open(r.Conns.Path())
	if err != nil {
		return sqlite.Bare(err)
	}
	if r.Pages = sqlpages.NewTable(f, root, blocks.Slack); r.Pages == nil {
		defer func() { _ = f.Close() }()
	} else {
		r.pinned = f
	}
	after, err := f.Stat()
	if err != nil {
		return sqlite.Bare(err)
	}
	if !os.SameFile(before, after) {
		return errors.New("it was replaced while it was being opened; try again")
	}
	r.File = after
	return nil
}

// Overwritten reports whether the file that Pin has opened was written to since, as cp does with one
// that exists: its rows may be another archive's.
func (r *Reader) Overwritten() bool {
	if r.pinned == nil || r.Remote != nil || r.overwritten.Load() {
		return r.overwritten.Load()
	}
	now, err := r.pinned.Stat()
	if err != nil || now.Size() == r.File.Size() && now.ModTime().Equal(r.File.ModTime()) {
		return false // a closed one is read no more
	}
	r.overwritten.Store(true)
	return true
}

// Close waits for the queries in progress and closes the file.
func (r *Reader) Close() error {
	r.Ahead.close()
	var err error
	if r.Pages != nil {
		if err = r.Pages.Close(); errors.Is(err, os.ErrClosed) {
			err = nil
		}
	}
	return errors.Join(err, r.Conns.Close())
}

// ReadAt reads, as io.ReaderAt does, from the file of the content of that id, which has the layout.
// Segments are compared with the sums, unless these are nil. Of one archive either all reads are
// compared or none: what has been decoded is kept.
func (r *Reader) ReadAt(ctx context.Context, id int64, l dds.Layout, s *segment.Sums, p []byte,
	off int64) (int, error) {
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
	if err := r.Want(ctx, id, cut, off, int64(len(p))); err != nil {
		return 0, err
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
		if err := r.read(ctx, cut.Piece(id, number), s, dst, within); err != nil {
			return n, err
		}
		n += len(dst)
	}
	return n, atEnd
}

// read fills dst from a segment, from within on.
func (r *Reader) read(ctx context.Context, p segment.Piece, s *segment.Sums, dst []byte,
	within int) error {
	b, ok := r.Decoded.Peek(p.ID)
	if !ok && len(dst) == p.Length {
		// All of it, once: straight to where it is wanted, past the memory.
		return r.load(ctx, p, s, dst)
	}
	if !ok && s == nil && r.Remote == nil && r.Pages != nil && ctx.Err() == nil && r.Pages.Part(p.ID, p.Length, dst, within) {
		return nil
	}
	if !ok {
		var err error
		b, err = r.Decoded.Acquire(ctx, p.ID, p.Length,
			func(buf []byte) error { return r.load(ctx, p, s, buf) })
		if err != nil {
			return err
		}
	}
	copy(dst, b.Value[within:])
	r.Decoded.Release(b)
	return nil
}

// load reads and decodes a segment into buf, which has its length, and compares it with the sums
// unless they are nil.
func (r *Reader) load(ctx context.Context, p segment.Piece, s *segment.Sums, buf []byte) error {
	if r.Remote != nil {
		return r.loadRemote(ctx, p, s, buf)
	}
	return compared(p, s, buf, r.decoded(ctx, p, buf))
}

// compared compares a decoded segment with the sums, unless they are nil or there is an error.
func compared(p segment.Piece, s *segment.Sums, buf []byte, err error) error {
	if err == nil && s != nil && !p.Is(buf, *s) {
		err = named(p, sqlite.Corrupt("its bytes do not match their hash"))
	}
	return err
}

// decoded is load without comparing.
func (r *Reader) decoded(ctx context.Context, p segment.Piece, buf []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.Remote != nil {
		return r.loadRemote(ctx, p, nil, buf)
	}
	decode := func(codec int64, data []byte) error {
		return r.Decoder.Decode(segment.Stored{Codec: codec, Data: data}, p.Shape, buf)
	}
	if r.Pages != nil && r.Pages.Load(p.ID, buf, decode) {
		return nil
	}
	return r.Conns.Do(ctx, func(c *sqlite.Conn) error { return load(ctx, c, r.Decoder, p, buf) })
}

// stored reads a segment as it is stored, to the end of memory.
func (r *Reader) stored(ctx context.Context, p segment.Piece,
	memory *[]byte) (s segment.Stored, err error) {
	if err := ctx.Err(); err != nil {
		return s, err
	}
	if r.Pages != nil {
		n := len(*memory)
		if codec, longer, ok := r.Pages.Append(*memory, p.ID, p.Length); ok {
			*memory = longer
			return segment.Stored{Codec: codec, Data: longer[n:]}, nil
		}
	}
	if r.Remote != nil {
		return s, named(p, sqlite.Corrupt("the row is missing"))
	}
	err = r.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		s, err = query(ctx, c, p)
		return err
	})
	return s, err
}

// load reads and decodes a segment through SQLite.
func load(ctx context.Context, c *sqlite.Conn, d *segment.Decoder, p segment.Piece,
	buf []byte) error {
	s, err := query(ctx, c, p)
	if err != nil {
		return err
	}
	return decode(d, s, p, buf)
}

// query reads a segment as it is stored through SQLite.
func query(ctx context.Context, c *sqlite.Conn, p segment.Piece) (s segment.Stored, err error) {
	found := false
	err = c.Query(ctx, `SELECT codec, data FROM segments WHERE id = ?`, func(r *sqlite.Row) error {
		s, found = segment.Stored{Codec: r.Int(0), Data: r.Blob(1)}, true
		return nil
	}, p.ID)
	if err == nil && !found {
		err = sqlite.Corrupt("the row is missing")
	}
	return s, named(p, err)
}

// decode decodes a segment into buf, which has its length.
func decode(d *segment.Decoder, s segment.Stored, p segment.Piece, buf []byte) error {
	if err := d.Decode(s, p.Shape, buf); err != nil {
		return named(p, sqlite.Corrupt("%v", err))
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

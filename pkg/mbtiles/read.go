package mbtiles

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/xelpack/xelpack/pkg/dds"
)

// ReadAt reads len(p) bytes of e's DDS file from off on, as io.ReaderAt does: it returns fewer only with an error, which is io.EOF at the end of
// the file.
func (a *Archive) ReadAt(ctx context.Context, e Entry, p []byte, off int64) (int, error) {
	cut := cutOf(e.Layout)
	if off < 0 {
		return 0, fmt.Errorf("%s: read texture %s: offset %d is negative", a.path, e.Texture, off)
	}
	if off >= cut.size {
		return 0, io.EOF
	}
	var atEnd error
	if int64(len(p)) > cut.size-off {
		p, atEnd = p[:cut.size-off], io.EOF
	}
	n := 0
	if off < dds.HeaderSize {
		h := e.Layout.Header()
		n = copy(p, h[off:])
	}
	for n < len(p) {
		k, err := a.readSegment(ctx, e, cut, p[n:], off+int64(n))
		n += k
		if err != nil {
			return n, explain(a.path, fmt.Errorf("read texture %s: %w", e.Texture, err))
		}
	}
	return n, atEnd
}

// readSegment reads from off to the end of p or of the segment there, whichever comes first.
func (a *Archive) readSegment(ctx context.Context, e Entry, cut cut, p []byte, off int64) (int, error) {
	n := cut.at(off)
	start, length := cut.segment(n)
	id := segmentID(e.content, n)
	within := int(off - start)
	p = p[:min(len(p), length-within)]

	b, ok := a.cache.peek(id)
	if !ok && len(p) == length {
		// All of it, once: straight to where it is wanted, past the cache.
		data, err := a.load(ctx, id, p)
		if err == nil && &data[0] != &p[0] {
			copy(p, data)
		}
		return len(p), err
	}
	if !ok {
		var err error
		b, err = a.cache.acquire(ctx, id, length, func(buf []byte) ([]byte, error) { return a.load(ctx, id, buf) })
		if err != nil {
			return 0, err
		}
	}
	defer a.cache.release(b)
	return copy(p, b.data[within:]), nil
}

// load reads and decodes a segment whose length is that of buf. The result lies in buf or is a slice of its own.
func (a *Archive) load(ctx context.Context, id int64, buf []byte) ([]byte, error) {
	var s segment
	err := a.conns.do(ctx, func(c *conn) (err error) {
		s, err = readSegment(ctx, c, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.decode(a.zstd, id, buf)
}

// readSegment reads one row of segments.
func readSegment(ctx context.Context, c *conn, id int64) (s segment, err error) {
	found := false
	err = c.query(ctx, `SELECT codec, data FROM segments WHERE id = ?`, func(r *row) error {
		s, found = segment{codec: r.int(0), data: r.blob(1)}, true
		return nil
	}, id)
	if err == nil && !found {
		err = corrupt("the row is missing")
	}
	if err != nil {
		return s, atSegment(id, err)
	}
	return s, nil
}

func atSegment(id int64, err error) error {
	return fmt.Errorf("segment %d (content %d, piece %d): %w", id, id>>8, id&0xff, err)
}

// loadFile reads a whole DDS file into buf, which it grows as needed.
func loadFile(ctx context.Context, c *conn, z *zstd.Decoder, content int64, l dds.Layout, buf []byte) ([]byte, error) {
	cut := cutOf(l)
	buf = slices.Grow(buf[:0], int(cut.size))[:cut.size]
	h := l.Header()
	copy(buf, h[:])
	for n := range cut.segments {
		off, length := cut.segment(n)
		p := buf[off:][:length]
		id := segmentID(content, n)
		s, err := readSegment(ctx, c, id)
		if err != nil {
			return buf, err
		}
		data, err := s.decode(z, id, p)
		if err != nil {
			return buf, err
		}
		if &data[0] != &p[0] {
			copy(p, data)
		}
	}
	return buf, nil
}

// WriteTo writes e's whole DDS file to w, one segment at a time.
func (a *Archive) WriteTo(ctx context.Context, e Entry, w io.Writer) error {
	h := e.Layout.Header()
	if _, err := w.Write(h[:]); err != nil {
		return err
	}
	cut := cutOf(e.Layout)
	for n := range cut.segments {
		if err := a.writeSegment(ctx, e, cut, n, w); err != nil {
			return err
		}
	}
	return nil
}

func (a *Archive) writeSegment(ctx context.Context, e Entry, cut cut, n int, w io.Writer) error {
	off, length := cut.segment(n)
	buf := a.cache.buffers.get(length)
	defer a.cache.buffers.put(buf)
	if _, err := a.readSegment(ctx, e, cut, buf, off); err != nil {
		return explain(a.path, fmt.Errorf("read texture %s: %w", e.Texture, err))
	}
	_, err := w.Write(buf)
	return err
}

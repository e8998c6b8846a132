package mbtiles

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/contents"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// ReadAt reads len(p) bytes of e's DDS file from off on, like io.ReaderAt: it returns fewer only
// with an error, which is io.EOF at the end of the file.
func (a *Archive) ReadAt(ctx context.Context, e Entry, p []byte, off int64) (int, error) {
	n, err := a.reader.ReadAt(ctx, e.content, e.Layout, p, off)
	if err != nil && err != io.EOF {
		err = a.explain(e, err)
	}
	return n, err
}

// explain adds to err which texture could not be read.
func (a *Archive) explain(e Entry, err error) error {
	return explain(a.path, fmt.Errorf("read texture %s: %w", e.Texture, err))
}

// ReadAhead reports that e is read in order and was read up to off: the next segment, if any, is
// prepared in the background. A compressed one is decoded; for a raw one the kernel is told to read
// it. It does not wait.
func (a *Archive) ReadAhead(ctx context.Context, e Entry, off int64) {
	a.reader.ReadAhead(ctx, e.content, e.Layout, off)
}

// WriteTo writes e's whole DDS file to w, in pieces of 256 KiB.
func (a *Archive) WriteTo(ctx context.Context, e Entry, w io.Writer) error {
	buf := a.reader.Decoded.Buffers.Get(segment.Bytes)
	defer a.reader.Decoded.Buffers.Put(buf)
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

// Content returns e's texture as stored, to be Put into another archive: nothing is compressed
// again. It is decoded and compared with its hash, so that damage, an ErrCorrupt, does not spread.
func (a *Archive) Content(ctx context.Context, e Entry) (*Content, error) {
	sha, err := a.sha(ctx, e)
	if err != nil {
		return nil, err
	}
	s, err := a.reader.Take(ctx, e.content, e.Layout, sha, new([]byte), false)
	if err != nil {
		return nil, a.explain(e, err)
	}
	return &Content{s}, nil
}

// sha returns the recorded hash of e's file.
func (a *Archive) sha(ctx context.Context, e Entry) (sha [sha256.Size]byte, err error) {
	err = a.reader.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		sha, err = contents.SHA(ctx, c, e.content)
		return err
	})
	if err != nil {
		err = a.explain(e, err)
	}
	return sha, err
}

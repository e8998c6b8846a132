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
	sums, err := a.vouched(ctx, e)
	if err != nil {
		return 0, a.explain(e, err)
	}
	n, err := a.reader.ReadAt(ctx, e.content, e.Layout, sums, p, off)
	if err != nil && err != io.EOF {
		err = a.explain(e, err)
	}
	return n, err
}

// explain adds to err which texture could not be read.
func (a *Archive) explain(e Entry, err error) error {
	if a.reader.Overwritten() {
		err = fmt.Errorf("its file was overwritten while it was open: %w", err)
	}
	return explain(a.path, fmt.Errorf("read texture %s: %w", e.Texture, err))
}

// ReadAhead reports that e is read in order and was read up to off: the next segment, if any, is
// prepared in the background. A compressed one is decoded; for a raw one the kernel is told to read
// it. It does not wait.
func (a *Archive) ReadAhead(ctx context.Context, e Entry, off int64) {
	if sums, err := a.vouched(ctx, e); err == nil {
		a.reader.ReadAhead(ctx, e.content, e.Layout, sums, off)
	}
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
	s, err := a.take(ctx, e, segment.Sums{SHA: sha}, new([]byte), false)
	if err != nil {
		return nil, a.explain(e, err)
	}
	return &Content{s}, nil
}

// take returns e's texture as stored, in memory. Unless quick it is decoded and compared with its
// SHA-256; always where the archive has no hashes, which the new one needs.
func (a *Archive) take(ctx context.Context, e Entry, sums segment.Sums, memory *[]byte,
	quick bool) (*contents.Stored, error) {
	if quick && a.hashed() && !a.checked {
		stored, err := a.storedSums(ctx, e)
		if err != nil {
			return nil, err
		}
		return a.reader.Take(ctx, e.content, e.Layout, stored, memory, true)
	}
	return a.reader.Take(ctx, e.content, e.Layout, sums, memory, false)
}

// hashed reports whether the archive has hashes of segments. What is left of a truncated one may
// lack those of textures that it has.
func (a *Archive) hashed() bool { return a.format > 1 && a.truncated == nil }

// storedSums returns what the archive says are the sums of e's file: only the SHA-256 if it is not
// hashed.
func (a *Archive) storedSums(ctx context.Context, e Entry) (s segment.Sums, err error) {
	err = a.reader.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		if !a.hashed() {
			s.SHA, err = contents.SHA(ctx, c, e.content)
			return err
		}
		s, err = contents.SumsOf(ctx, c, e.content, e.Layout)
		return err
	})
	return s, err
}

// sha returns the recorded hash of e's file, which the tree vouches for if the archive is Checked
// and has one.
func (a *Archive) sha(ctx context.Context, e Entry) (sha [sha256.Size]byte, err error) {
	if a.checked && a.format > 1 {
		sums, err := a.vouched(ctx, e)
		if err != nil {
			return sha, a.explain(e, err)
		}
		return sums.SHA, nil
	}
	err = a.reader.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		sha, err = contents.SHA(ctx, c, e.content)
		return err
	})
	if err != nil {
		err = a.explain(e, err)
	}
	return sha, err
}

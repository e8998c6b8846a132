package mbtiles

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// Content returns e's texture as it is stored, to be Put into another archive: nothing is
// compressed anew. It is decoded all the same and compared with its hash: damage is an ErrCorrupt,
// and does not spread.
func (a *Archive) Content(ctx context.Context, e Entry) (*Content, error) {
	sha, err := a.sha(ctx, e)
	if err != nil {
		return nil, err
	}
	c, err := a.take(ctx, e, sha, new([]byte), false)
	if err != nil {
		return nil, explain(a.path, fmt.Errorf("read texture %s: %w", e.Texture, err))
	}
	return c, nil
}

// sha returns what the archive says is the hash of e's file.
func (a *Archive) sha(ctx context.Context, e Entry) (sha [sha256.Size]byte, err error) {
	err = a.conns.Do(ctx, func(c *sqlite.Conn) error {
		n := 0
		err := c.Query(ctx, `SELECT sha256 FROM contents WHERE id = ?`, func(r *sqlite.Row) error { n = copy(sha[:], r.Blob(0)); return nil }, e.content)
		if err == nil && n != len(sha) {
			err = corrupt("its SHA-256 has the wrong length")
		}
		return err
	})
	if err != nil {
		err = explain(a.path, fmt.Errorf("read texture %s: %w", e.Texture, err))
	}
	return sha, err
}

// take returns e's content as it is stored. Its segments lie in memory, which grows as needed.
// Unless quick, they are decoded and compared with the hash.
func (a *Archive) take(ctx context.Context, e Entry, want [sha256.Size]byte, memory *[]byte, quick bool) (*Content, error) {
	cut := segment.CutOf(e.Layout)
	c := &Content{layout: e.Layout, sha: want, segments: make([]segment.Stored, cut.Segments)}
	*memory = slices.Grow(*memory, int(cut.Size)) // it must not move under what lies in it
	for n := range c.segments {
		var err error
		if c.segments[n], err = a.fetch(ctx, cut.Piece(e.content, n), memory); err != nil {
			return nil, err
		}
		c.bytes += int64(len(c.segments[n].Data))
	}
	header := e.Layout.Header()
	hash := sha256.New()
	hash.Write(header[:])
	level := preview.LevelOf(e.Layout, preview.Side)
	at, length := e.Layout.Level(level)
	for n, s := range c.segments {
		off, size := cut.Bounds(n)
		shown := at >= off && at+length <= off+int64(size)
		if quick && !shown {
			continue
		}
		buf := a.cache.Buffer(size)
		err := unpack(a.decoder, s, cut.Piece(e.content, n), buf)
		if err == nil {
			hash.Write(buf)
			if shown {
				c.preview, err = preview.OfLevel(e.Layout, level, buf[at-off:][:length])
			}
		}
		a.cache.Recycle(buf)
		if err != nil {
			return nil, err
		}
	}
	if !quick && [sha256.Size]byte(hash.Sum(nil)) != want {
		return nil, corrupt("its bytes do not match their hash")
	}
	return c, nil
}

// fetch reads a segment as it is stored, to the end of memory.
func (a *Archive) fetch(ctx context.Context, p segment.Piece, memory *[]byte) (segment.Stored, error) {
	if err := ctx.Err(); err != nil {
		return segment.Stored{}, err
	}
	if a.direct != nil {
		n := len(*memory)
		if codec, longer, ok := a.direct.Append(*memory, p.ID, p.Length); ok {
			*memory = longer
			return segment.Stored{Codec: codec, Data: longer[n:]}, nil
		}
	}
	buf := a.cache.Buffer(p.Length)
	defer a.cache.Recycle(buf)
	return a.stored(ctx, p, buf)
}

// encoded returns e's content compressed anew. The whole file lies in memory.
func (a *Archive) encoded(ctx context.Context, e Entry, want [sha256.Size]byte, enc *Encoder, memory *[]byte) (*Content, error) {
	*memory = slices.Grow((*memory)[:0], int(e.Layout.Size()))[:e.Layout.Size()]
	if _, err := a.readAt(ctx, e.content, e.Layout, *memory, 0); err != nil {
		return nil, err
	}
	c, err := enc.Encode(*memory)
	if err == nil && c.sha != want {
		err = corrupt("its bytes do not match their hash")
	}
	return c, err
}

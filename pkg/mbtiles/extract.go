package mbtiles

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/xelpack/xelpack/pkg/dds"
)

// Content returns e's texture as it is stored, to be Put into another archive: nothing is compressed anew. It is decoded all the same and compared
// with its hash: damage is an ErrCorrupt, and does not spread.
func (a *Archive) Content(ctx context.Context, e Entry) (*Content, error) {
	record, err := a.Record(ctx, e)
	if err != nil {
		return nil, err
	}
	c, err := a.content(ctx, e, record.SHA256)
	if err != nil {
		return nil, explain(a.path, fmt.Errorf("read texture %s: %w", e.Texture, err))
	}
	return c, nil
}

func (a *Archive) content(ctx context.Context, e Entry, want [sha256.Size]byte) (*Content, error) {
	header := e.Layout.Header()
	hash := sha256.New()
	hash.Write(header[:])

	cut := cutOf(e.Layout)
	c := &Content{layout: e.Layout, sha: want, segments: make([]segment, cut.segments)}
	level := levelOf(e.Layout, previewSide)
	at, length := e.Layout.Level(level)
	for n := range c.segments {
		off, size := cut.segment(n)
		buf := a.cache.buffers.get(size)
		stored, data, err := a.stored(ctx, segmentID(e.content, n), buf)
		if err == nil {
			hash.Write(data)
			c.segments[n] = stored
			c.bytes += int64(len(stored.data))
			if at >= off && at+length <= off+int64(size) {
				c.preview, err = previewOfLevel(e.Layout, level, data[at-off:][:length])
			}
		}
		a.cache.buffers.put(buf)
		if err != nil {
			return nil, err
		}
	}
	if [sha256.Size]byte(hash.Sum(nil)) != want {
		return nil, corrupt("its bytes do not match their hash")
	}
	return c, nil
}

// previewOfLevel makes the preview of the blocks of the level that levelOf(l, previewSide) names.
func previewOfLevel(l dds.Layout, level int, blocks []byte) ([]byte, error) {
	img, err := decodeLevel(l, level, blocks)
	if err != nil {
		return nil, err
	}
	return encodeJPEG(img, previewQuality)
}

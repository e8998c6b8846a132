package mbtiles

import (
	"context"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Damaged marks textures whose stored bytes are damaged, as Verify found. They stay until they are
// Put: then their bytes are written again, even if the archive has a content with that hash. It
// must be called before those Puts.
func (w *Writer) Damaged(ctx context.Context, keys ...tiles.Key) error {
	return w.enqueue(ctx, job{do: func(ctx context.Context) error {
		if w.store.contents.Damaged == nil {
			w.store.contents.Damaged = make(map[int64]bool)
		}
		for _, k := range keys {
			twins, err := w.store.twins(ctx, tiles.Texture{ZL: k.ZL, Row: k.Row, Col: k.Col})
			if err != nil {
				return err
			}
			for _, t := range twins {
				if t.key == k {
					w.store.contents.Damaged[t.content] = true
				}
			}
		}
		return nil
	}})
}

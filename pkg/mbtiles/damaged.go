package mbtiles

import (
	"context"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Damaged says of textures that what the archive has of them is not to be trusted, as Verify found.
// They stay until they are Put: then their bytes are written again, even where the archive knows
// the hash already and would otherwise take its own for as good. It is called before those Puts.
func (w *Writer) Damaged(ctx context.Context, keys ...tiles.Key) error {
	return w.enqueue(ctx, job{do: func(ctx context.Context) error {
		if w.store.damaged == nil {
			w.store.damaged = make(map[int64]bool)
		}
		for _, k := range keys {
			twins, err := w.store.twins(ctx, tiles.Texture{ZL: k.ZL, Row: k.Row, Col: k.Col})
			if err != nil {
				return err
			}
			for _, t := range twins {
				if t.key == k {
					w.store.damaged[t.content] = true
				}
			}
		}
		return nil
	}})
}

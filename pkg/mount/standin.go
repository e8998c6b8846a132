package mount

import (
	"context"
	"time"

	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount/internal/standin"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// maxEnlarge is how many zoom levels above a texture an ancestor may be that stands in for it.
const maxEnlarge = 4

// ancestor finds the nearest archived texture that covers t, up to maxEnlarge zoom levels above it.
func ancestor(archives []shelved,
	t tiles.Texture) (from Archive, e mbtiles.Entry, up int, ok bool) {
	k := t.Key()
	for up = 1; up <= maxEnlarge && int(k.ZL)-up >= int(tiles.MinZL); up++ {
		const align = ^uint32(tiles.TextureChunks - 1)
		parent := tiles.Key{ZL: k.ZL - tiles.ZL(up), Row: k.Row >> up & align,
			Col: k.Col >> up & align, Maptype: k.Maptype}
		for _, a := range archives {
			if e, ok := a.Lookup(parent); ok {
				return a, e, up, true
			}
		}
	}
	return nil, mbtiles.Entry{}, 0, false
}

// standIn returns the best replacement for a texture that could not be made in time: an enlarged
// ancestor, else ground colour.
func (l *live) standIn(t tiles.Texture) *content {
	from, entry, up, ok := ancestor(l.shelf.list(), t)
	if !ok || !l.mayEnlarge() {
		return l.contents.ground()
	}
	// One at a time. An open that would queue for long gets ground colour instead: its answer is
	// due now.
	patience := time.NewTimer(enlargePatience)
	defer patience.Stop()
	select {
	case l.enlarge <- struct{}{}:
		defer func() { <-l.enlarge }()
	case <-patience.C:
		return l.contents.ground()
	}
	ctx := context.WithoutCancel(l.ctx)
	file, err := standin.Enlarge(standin.Ancestor{Layout: entry.Layout, Up: up,
		ReadAt: func(p []byte, off int64) error { return readFull(ctx, from, entry, p, off) },
	}, t, LiveLayout())
	if err != nil {
		l.log.Error("cannot enlarge an archived texture", "texture", t.Name(), "error", err)
		return l.contents.ground()
	}
	return l.contents.standIn(file)
}

const enlargePatience = 300 * time.Millisecond

// mayEnlarge bounds the memory of stand-ins in files that stay open.
func (l *live) mayEnlarge() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pinned < l.opts.MemoryCache
}

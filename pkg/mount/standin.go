package mount

import (
	"context"
	"time"

	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount/internal/standin"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// covering returns the nearest archived texture that covers t, as far as it is at hand.
func (s *shelf) covering(ctx context.Context, t tiles.Texture) (standin.Ancestor, bool) {
	ctx = mbtiles.AtHand(ctx)
	for up, parent := range standin.Parents(t) {
		for _, a := range s.list() {
			if e, ok := a.Lookup(parent); ok {
				read := func(p []byte, off int64) error { return readFull(ctx, a, e, p, off) }
				return standin.Ancestor{Layout: e.Layout, Up: up, ReadAt: read}, true
			}
		}
	}
	return standin.Ancestor{}, false
}

// standIn returns the best replacement for a texture that could not be made in time: an enlarged
// ancestor, else ground colour.
func (l *live) standIn(t tiles.Texture) *content {
	parent, ok := l.shelf.covering(context.WithoutCancel(l.ctx), t)
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
	file, err := standin.Enlarge(parent, t, LiveLayout())
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

package mount

import (
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Ahead sets the textures that are made before they are asked for, in this order, in place of those
// set before: what lies ahead of the aircraft. They come after what opens wait for and after
// neighbours of what was opened, and give their worker to both. Call it from time to time: a
// texture that could not be made is tried again later.
func (f *FS) Ahead(textures []tiles.Texture) { f.live.setAhead(textures) }

func (l *live) setAhead(textures []tiles.Texture) {
	most := l.opts.MemoryCache / 2 / LiveLayout().Size()
	if l.opts.Disk == nil && int64(len(textures)) > most {
		textures = textures[:most] // more would displace each other before they are opened
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ahead.course.Set(textures)
	l.begin()
}

// Has reports whether an open of the texture finds it, or has found it since it was made.
func (f *FS) Has(k tiles.Key) bool {
	_, _, archived := f.shelf.find(k)
	return archived || f.live.has(k)
}

func (l *live) has(k tiles.Key) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ahead.course.Made(k) || l.cache.kept.Contains(k) || l.disk.items.Contains(k)
}

// nextAhead takes the next texture to be made ahead, or returns nil. l.mu is held.
func (l *live) nextAhead() *job {
	now := time.Now()
	for l.queue.spare() && l.queue.foreseen.Len() == 0 && !now.Before(l.ahead.paused) {
		t, ok := l.ahead.course.Next(now)
		if !ok {
			break
		}
		if l.foresee(t) {
			return l.queue.next()
		}
	}
	return nil
}

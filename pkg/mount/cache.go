package mount

import (
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/xelpack/xelpack/internal/lru"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// cache is a least-recently-used cache of contents by key, bounded by bytes. Every operation takes
// constant time for each content that it evicts. Not safe for concurrent use: the owner's lock is
// held only briefly.
type cache struct {
	limit, bytes int64
	evicted      int64 // evicted to make room
	kept         *simplelru.LRU[tiles.Key, *cached]
}

type cached struct {
	content *content
	until   time.Time // zero: never expires
}

func newCache(limit int64) *cache {
	return &cache{limit: limit, kept: lru.Unbounded[tiles.Key, *cached]()}
}

// get returns k's content unless it has expired.
func (c *cache) get(k tiles.Key, now time.Time) *content {
	entry, ok := c.kept.Get(k)
	if !ok {
		return nil
	}
	if !entry.until.IsZero() && now.After(entry.until) {
		c.remove(k)
		return nil
	}
	return entry.content
}

// put stores v for k: without expiry if it is final, otherwise for a while. A final content is
// evicted only for another final one. The newest content stays even when it alone exceeds the
// limit: the caller is about to ask for it.
func (c *cache) put(k tiles.Key, v *content, now time.Time, forWhile time.Duration) {
	if before, ok := c.kept.Peek(k); ok && before.content.final && !v.final {
		return
	}
	c.remove(k)
	entry := &cached{content: v}
	if !v.final {
		entry.until = now.Add(forWhile)
	}
	c.kept.Add(k, entry)
	c.bytes += entry.size()
	for c.bytes > c.limit && c.kept.Len() > 1 {
		oldest, _, _ := c.kept.GetOldest()
		c.remove(oldest)
		c.evicted++
	}
}

// remove evicts k's content, if there is one.
func (c *cache) remove(k tiles.Key) {
	if entry, ok := c.kept.Peek(k); ok {
		c.kept.Remove(k)
		c.bytes -= entry.size()
	}
}

// size counts the entry itself too, so that stand-ins without bytes of their own are bounded as
// well.
func (e *cached) size() int64 { return e.content.bytes() + 256 }

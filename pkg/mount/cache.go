package mount

import (
	"container/list"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// cache is a least-recently-used cache of contents by key, bounded by bytes. Every operation takes
// constant time for each content that it evicts. Not safe for concurrent use: the owner's lock is
// held only briefly.
type cache struct {
	limit, bytes int64
	evicted      int64      // evicted to make room
	order        *list.List // of *cached, the most recently used in front
	byKey        map[tiles.Key]*list.Element
}

type cached struct {
	key     tiles.Key
	content *content
	until   time.Time // zero: never expires
}

func newCache(limit int64) *cache {
	return &cache{limit: limit, order: list.New(), byKey: make(map[tiles.Key]*list.Element)}
}

// get returns k's content unless it has expired.
func (c *cache) get(k tiles.Key, now time.Time) *content {
	e := c.byKey[k]
	if e == nil {
		return nil
	}
	entry := e.Value.(*cached)
	if !entry.until.IsZero() && now.After(entry.until) {
		c.remove(e)
		return nil
	}
	c.order.MoveToFront(e)
	return entry.content
}

// put stores v for k: without expiry if it is final, otherwise for a while. A final content is
// evicted only for another final one. The newest content stays even when it alone exceeds the
// limit: the caller is about to ask for it.
func (c *cache) put(k tiles.Key, v *content, now time.Time, forWhile time.Duration) {
	if e := c.byKey[k]; e != nil {
		if e.Value.(*cached).content.final && !v.final {
			return
		}
		c.remove(e)
	}
	entry := &cached{key: k, content: v}
	if !v.final {
		entry.until = now.Add(forWhile)
	}
	c.byKey[k] = c.order.PushFront(entry)
	c.bytes += entry.size()
	for c.bytes > c.limit && c.order.Len() > 1 {
		c.remove(c.order.Back())
		c.evicted++
	}
}

func (c *cache) remove(e *list.Element) {
	entry := c.order.Remove(e).(*cached)
	delete(c.byKey, entry.key)
	c.bytes -= entry.size()
}

// size counts the entry itself too, so that stand-ins without bytes of their own are bounded as
// well.
func (e *cached) size() int64 { return e.content.bytes() + 256 }

package mount

import (
	"container/list"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// cache keeps contents by key up to a number of bytes; the least recently used goes first. Every
// operation takes constant time for each content that it evicts. Not safe for concurrent use: its
// owner's lock is held for moments only.
type cache struct {
	limit, bytes int64
	evicted      int64      // for want of room
	order        *list.List // of *cached, the most recently used in front
	byKey        map[tiles.Key]*list.Element
}

type cached struct {
	key     tiles.Key
	content *content
	until   time.Time // zero: for ever
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

// put keeps v for k, for ever if it is final and otherwise for a while. What is final gives way
// only to what is final. The newest content stays even when it alone is larger than the limit:
// whoever put it is about to ask for it.
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

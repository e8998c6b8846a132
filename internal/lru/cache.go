// Package lru keeps what was used lately, for any number of goroutines: of several that want a
// value that is not there, one makes it and the others wait.
package lru

import (
	"context"
	"errors"
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache keeps values up to a size, the least recently used first to go. Its lock is held over
// look-ups only.
type Cache[K comparable, V any] struct {
	limit int64
	free  func(V)

	mu     sync.Mutex
	size   int64
	kept   *simplelru.LRU[K, *Entry[V]]
	making map[K]*Entry[V]
}

// Entry is a value and whoever uses it.
type Entry[V any] struct {
	Value V
	size  int64
	err   error
	ready chan struct{} // closed once the others are set

	// Under Cache.mu.
	users int
	kept  bool
}

// New returns a Cache of values of limit altogether; of none where that is not positive. Where free
// is not nil, it is called for values that nobody uses any more, and Release says so.
func New[K comparable, V any](limit int64, free func(V)) *Cache[K, V] {
	return &Cache[K, V]{limit: limit, free: free, kept: Unbounded[K, *Entry[V]](),
		making: make(map[K]*Entry[V])}
}

// Unbounded returns what keeps values in the order of their use, for an owner who sees to locks and
// bounds.
func Unbounded[K comparable, V any]() *simplelru.LRU[K, V] {
	kept, err := simplelru.NewLRU[K, V](math.MaxInt, nil)
	if err != nil {
		panic(err) // the number is positive
	}
	return kept
}

// Get returns the value of k, which load makes if need be, saying its size. An error is not kept:
// those who wait get it too, unless it is that the maker was called off. Whoever gets an entry gives
// it back with Release.
func (c *Cache[K, V]) Get(ctx context.Context, k K,
	load func() (v V, size int64, err error)) (*Entry[V], error) {
	for {
		c.mu.Lock()
		e, there := c.kept.Get(k)
		if !there {
			e, there = c.making[k]
		}
		if !there {
			e = &Entry[V]{ready: make(chan struct{})}
			c.making[k] = e
		}
		e.users++
		c.mu.Unlock()
		if !there {
			if c.fill(k, e, load); e.err != nil {
				return nil, e.err
			}
			return e, nil
		}
		select {
		case <-e.ready:
		case <-ctx.Done():
			c.Release(e)
			return nil, ctx.Err()
		}
		if e.err == nil {
			return e, nil
		}
		if !errors.Is(e.err, context.Canceled) && !errors.Is(e.err, context.DeadlineExceeded) {
			return nil, e.err
		}
		if ctx.Err() != nil { // this caller's too
			return nil, ctx.Err()
		}
		// The one who was making it gave up. We did not.
	}
}

// Peek returns the value of k if it is there already.
func (c *Cache[K, V]) Peek(k K) (*Entry[V], bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, there := c.kept.Get(k)
	if there {
		e.users++
	}
	return e, there
}

// Holds reports whether the value of k is there or being made.
func (c *Cache[K, V]) Holds(k K) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.Contains(k) || c.making[k] != nil
}

// fill makes the value and lets those who wait for it go on.
func (c *Cache[K, V]) fill(k K, e *Entry[V], load func() (V, int64, error)) {
	e.Value, e.size, e.err = load()
	c.mu.Lock()
	delete(c.making, k)
	if e.err == nil {
		e.kept = true
		c.kept.Add(k, e)
		c.size += e.size
		for c.size > c.limit && c.kept.Len() > 0 {
			_, oldest, _ := c.kept.RemoveOldest()
			c.size -= oldest.size
			oldest.kept = false
			c.freeIfUnused(oldest)
		}
	}
	c.mu.Unlock()
	close(e.ready)
}

// Release ends the use of e.
func (c *Cache[K, V]) Release(e *Entry[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.users--
	c.freeIfUnused(e)
}

// freeIfUnused is called with mu held. One that is being made has a user: who makes it.
func (c *Cache[K, V]) freeIfUnused(e *Entry[V]) {
	if e.users == 0 && !e.kept && c.free != nil {
		c.free(e.Value)
	}
}

// Size returns that of all that is kept.
func (c *Cache[K, V]) Size() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}

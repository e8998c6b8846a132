// Package lru is a least-recently-used cache for concurrent use: if several goroutines want a
// missing value, one makes it and the others wait.
package lru

import (
	"context"
	"errors"
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache keeps values up to a total size, evicting the least recently used first. Its lock is held
// over look-ups only.
type Cache[K comparable, V any] struct {
	limit int64
	free  func(V)

	mu     sync.Mutex
	size   int64
	kept   *simplelru.LRU[K, *Entry[V]]
	making map[K]*Entry[V]
}

// Entry is a value with its users.
type Entry[V any] struct {
	Value V
	size  int64
	err   error
	ready chan struct{} // closed once the others are set

	// Under Cache.mu.
	users int
	kept  bool
}

// New returns a Cache of values up to limit in total; without caching if that is not positive.
// free, if not nil, is called for evicted values once Release has ended their last use.
func New[K comparable, V any](limit int64, free func(V)) *Cache[K, V] {
	return &Cache[K, V]{limit: limit, free: free, kept: Unbounded[K, *Entry[V]](),
		making: make(map[K]*Entry[V])}
}

// Unbounded returns a list of values in the order of their use, for an owner that handles locks and
// bounds.
func Unbounded[K comparable, V any]() *simplelru.LRU[K, V] {
	kept, err := simplelru.NewLRU[K, V](math.MaxInt, nil)
	if err != nil {
		panic(err) // the number is positive
	}
	return kept
}

// Get returns the value of k, which load makes if needed, with its size. An error is not kept:
// those who wait get it too, unless the caller that made it was cancelled. The caller must Release
// the entry.
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
		// The caller that was making it was cancelled; this one was not.
	}
}

// Peek returns the value of k if it is in the cache.
func (c *Cache[K, V]) Peek(k K) (*Entry[V], bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, there := c.kept.Get(k)
	if there {
		e.users++
	}
	return e, there
}

// Holds reports whether the value of k is in the cache or being made.
func (c *Cache[K, V]) Holds(k K) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.Contains(k) || c.making[k] != nil
}

// Making reports whether the value of k is being made.
func (c *Cache[K, V]) Making(k K) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.making[k] != nil
}

// fill makes the value and releases those who wait for it.
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

// freeIfUnused frees an entry without users. c.mu is held. An entry being made has a user.
func (c *Cache[K, V]) freeIfUnused(e *Entry[V]) {
	if e.users == 0 && !e.kept && c.free != nil {
		c.free(e.Value)
	}
}

// Size returns the total size of the cached values.
func (c *Cache[K, V]) Size() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}

package chunkstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Source returns next with the store in front: chunks in the store are not requested, new ones are
// stored. Without next, as with --offline, a chunk that is not in the store is fetch.ErrOffline.
// With askMissing, places without imagery are requested again.
func (s *Store) Source(next fetch.Source, askMissing bool) fetch.Source {
	return &keeping{next: next, store: s, askMissing: askMissing}
}

// missingFor is how long the store remembers that a provider has no imagery at a place.
const missingFor = 30 * 24 * time.Hour

type keeping struct {
	next       fetch.Source // nil: offline
	store      *Store
	askMissing bool
}

var (
	_ fetch.Source = (*keeping)(nil)
	_ fetch.Keeper = (*keeping)(nil)
)

func (k *keeping) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	maxAge := missingFor
	if k.next == nil {
		maxAge = 1 << 62
	} else if k.askMissing {
		maxAge = -1
	}
	body, err := k.store.get(ctx, c, maxAge)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == nil && fetch.CheckTile(body, k.store.tilePx) == nil: // the file is not trusted
		return body, nil
	case errors.Is(err, fetch.ErrNoImagery):
		return nil, err
	case k.next == nil:
		return nil, fmt.Errorf("chunk %s: %w", c, fetch.ErrOffline)
	}
	body, err = k.next.Fetch(ctx, c)
	switch {
	case err == nil:
		k.store.put(c, stored{body: bytes.Clone(body)})
	case errors.Is(err, fetch.ErrNoImagery):
		k.store.put(c, stored{})
	}
	return body, err
}

// Forget implements fetch.Keeper.
func (k *keeping) Forget(c tiles.Chunk) { k.store.put(c, stored{gone: true}) }

// Whole implements fetch.Keeper.
func (k *keeping) Whole(chunks []tiles.Chunk) {
	if !k.store.untilWhole {
		return
	}
	for _, c := range chunks {
		k.Forget(c)
	}
}

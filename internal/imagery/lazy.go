package imagery

import (
	"context"
	"errors"
	"sync"

	"github.com/xelpack/xelpack/internal/chunkstore"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// openStores are the stores of a Source.
type openStores struct {
	mu   sync.Mutex
	list []*chunkstore.Store
}

func (s *openStores) add(store *chunkstore.Store) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, store)
}

func (s *openStores) close() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, store := range s.list {
		err = errors.Join(err, store.Close())
	}
	s.list = nil
	return err
}

// lazy is a source that is opened when it is first asked.
type lazy struct {
	open func(context.Context) (fetch.Source, error)

	mu     sync.Mutex
	source fetch.Source // nil: not yet open
}

var (
	_ fetch.Source = (*lazy)(nil)
	_ fetch.Keeper = (*lazy)(nil)
)

// opened returns the source, which is opened by one and waited for by the others: a file, not a
// network.
func (l *lazy) opened(ctx context.Context) (source fetch.Source, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.source == nil {
		l.source, err = l.open(ctx)
	}
	return l.source, err
}

// Fetch implements fetch.Source.
func (l *lazy) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	source, err := l.opened(ctx)
	if err != nil {
		return nil, err
	}
	return source.Fetch(ctx, c)
}

// keeper returns what keeps chunks, if the source was asked and does.
func (l *lazy) keeper() fetch.Keeper {
	l.mu.Lock()
	defer l.mu.Unlock()
	keeper, _ := l.source.(fetch.Keeper)
	return keeper
}

// Forget implements fetch.Keeper.
func (l *lazy) Forget(c tiles.Chunk) {
	if k := l.keeper(); k != nil {
		k.Forget(c)
	}
}

// Whole implements fetch.Keeper.
func (l *lazy) Whole(chunks []tiles.Chunk) {
	if k := l.keeper(); k != nil {
		k.Whole(chunks)
	}
}

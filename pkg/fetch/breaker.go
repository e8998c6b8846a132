package fetch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// After refusalsToOpen answers in a row that were 401 or 403, nothing is asked for refusedFor; then one request may try.
const (
	refusalsToOpen = 20
	refusedFor     = time.Minute
)

// breaking stops asking a provider that refuses. Only refusals count: a server in trouble, or one that asks us to slow down, is retrying's business.
type breaking struct {
	next Source
	open *atomic.Bool // told whether nothing is asked; nil: nobody is

	mu       sync.Mutex
	refusals int       // in a row
	until    time.Time // asked again from then on
}

func (s *breaking) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	if !s.pass() {
		return nil, fmt.Errorf("%w: not asked, after %d refusals in a row", ErrRefused, refusalsToOpen)
	}
	body, err := s.next.Fetch(ctx, c)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case errors.Is(err, ErrRefused):
		s.refusals++
		if s.refusals >= refusalsToOpen {
			s.until = time.Now().Add(refusedFor)
			s.tell(true)
		}
	case err == nil, errors.Is(err, ErrNoImagery):
		if s.refusals >= refusalsToOpen {
			s.tell(false)
		}
		s.refusals = 0
	}
	return body, err
}

func (s *breaking) tell(open bool) {
	if s.open != nil {
		s.open.Store(open)
	}
}

// pass says whether to ask. Of those who come when the pause is over, the first asks and the others still pause.
func (s *breaking) pass() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refusals < refusalsToOpen {
		return true
	}
	now := time.Now()
	if now.Before(s.until) {
		return false
	}
	s.until = now.Add(refusedFor)
	return true
}

package fetch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// maxBackoff ends the doubling of waits.
const maxBackoff = 30 * time.Second

// futileAfter retries a chunk is given up where asking again helps none.
const futileAfter = 2

// sleeper waits for d and returns nil, or ctx's error as soon as ctx ends.
type sleeper func(ctx context.Context, d time.Duration) error

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retrying asks again where that may help. Its waits hold nothing.
type retrying struct {
	next          Source
	retries       int
	backoff       time.Duration
	maxRetryAfter time.Duration
	wait          sleeper
	retried       *atomic.Int64
	host          *throttle // nil: one that never goes down
	budget        *budget   // nil: no limit
}

func (s *retrying) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	failed := time.Now() // the last time, or when it was first asked for
	for attempt := 0; ; attempt++ {
		body, err := s.next.Fetch(ctx, c)
		if err != nil && (ctx.Err() != nil || !settles(err) && !retryable(err)) {
			return body, err
		}
		if s.host != nil {
			if err != nil && s.host.down() { // it is the host's failure, not the chunk's: wait with all others, at the door
				attempt--
				continue
			}
			s.host.asked(attempt, !settles(err))
		}
		if settles(err) {
			return body, err
		}
		// Nothing has come since it failed before: a hole must not be left on the word of a host
		// that answers nothing.
		if attempt >= s.retries && (s.host == nil || s.host.answeredSince(failed) || !s.host.doubt()) {
			return nil, fmt.Errorf("%w (asked %d times)", err, attempt+1)
		}
		failed = time.Now()
		futile := attempt >= futileAfter && s.host != nil && s.host.futile()
		if ctxErr := s.wait(ctx, s.delay(attempt, err)); ctxErr != nil {
			return nil, fmt.Errorf("%w while waiting to ask again: %w", ctxErr, err)
		}
		if futile && s.host.answeredSince(failed) {
			return nil, fmt.Errorf("%w (asked %d times: asking again helps none)", err, attempt+1)
		}
		if s.budget != nil {
			if ctxErr := s.budget.spend(ctx); ctxErr != nil {
				return nil, fmt.Errorf("%w while waiting to ask again: %w", ctxErr, err)
			}
		}
		s.retried.Add(1)
	}
}

// delay returns how long to wait after attempt (from 0) failed with err. The jitter is full, so
// that those who failed together do not come back together; it stands on top of a Retry-After,
// never under it.
func (s *retrying) delay(attempt int, err error) time.Duration {
	ceiling := maxBackoff
	if d := s.backoff << attempt; d > 0 && d>>attempt == s.backoff {
		ceiling = min(d, ceiling)
	}
	if status, ok := errors.AsType[*StatusError](err); ok && status.RetryAfter > 0 {
		return min(status.RetryAfter, s.maxRetryAfter) + rand.N(s.backoff)
	}
	return rand.N(ceiling)
}

// retryAfter reads a Retry-After header: seconds, or an HTTP date. 0 when there is none, it is
// past, or it makes no sense.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

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

// futileAfter is after how many retries a chunk is given up while retries do not help.
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

// retrying repeats requests where that may help. While it waits it holds nothing.
type retrying struct {
	next          Source
	retries       int
	backoff       time.Duration
	maxRetryAfter time.Duration
	wait          sleeper
	retried       *atomic.Int64
	host          *throttle // nil: it never goes down
	budget        *budget   // nil: no limit
}

func (s *retrying) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	failed := time.Now() // the previous failure, or the first request
	for attempt := 0; ; attempt++ {
		body, err := s.next.Fetch(ctx, c)
		if err != nil && (ctx.Err() != nil || !settles(err) && !retryable(err)) {
			return body, err
		}
		if s.host != nil {
			// the host has failed, not the chunk: wait with all others
			if err != nil && s.host.down() {
				attempt--
				continue
			}
			s.host.asked(attempt, !settles(err))
		}
		if settles(err) {
			return body, err
		}
		// Nothing has succeeded since it failed before: a hole must not be recorded because of a
		// host that does not answer.
		if attempt >= s.retries &&
			(s.host == nil || s.host.answeredSince(failed) || !s.host.doubt()) {
			return nil, fmt.Errorf("%w (asked %d times)", err, attempt+1)
		}
		failed = time.Now()
		if late, err := s.leftForLater(ctx, err, failed); late {
			return nil, err
		}
		futile := attempt >= futileAfter && s.host != nil && s.host.futile()
		if ctxErr := s.wait(ctx, s.delay(attempt, err)); ctxErr != nil {
			return nil, fmt.Errorf("%w while waiting to ask again: %w", ctxErr, err)
		}
		if futile && s.host.answeredSince(failed) {
			return nil, fmt.Errorf("%w (asked %d times: retries do not help)", err, attempt+1)
		}
		if s.budget != nil {
			if ctxErr := s.budget.spend(ctx); ctxErr != nil {
				return nil, fmt.Errorf("%w while waiting to ask again: %w", ctxErr, err)
			}
		}
		s.retried.Add(1)
	}
}

// leftForLater reports whether a chunk that failed then is left to another run: it may not be asked
// for again for longer than this one waits, and the host answers others.
func (s *retrying) leftForLater(ctx context.Context, err error, then time.Time) (bool, error) {
	status, ok := errors.AsType[*StatusError](err)
	if !ok || status.RetryAfter <= s.maxRetryAfter || s.host == nil {
		return false, nil
	}
	s.host.check()
	if ctxErr := s.wait(ctx, s.backoff); ctxErr != nil {
		return true, fmt.Errorf("%w while waiting to ask again: %w", ctxErr, err)
	}
	return s.host.answeredSince(then), fmt.Errorf("%w (not to be asked for again for %v)", err,
		status.RetryAfter)
}

// delay returns how long to wait after attempt (from 0) failed with err. The jitter is full, so
// that requests that failed together are not repeated together; it is added to a Retry-After, never
// subtracted.
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

// retryAfter reads a Retry-After header: seconds, or an HTTP date. It returns 0 if there is none,
// it is past, or it is invalid.
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

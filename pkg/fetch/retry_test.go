package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// scripted answers with errs in turn, and with a body when they are used up.
type scripted struct {
	errs  []error
	calls int
}

func (s *scripted) Fetch(context.Context, tiles.Chunk) ([]byte, error) {
	s.calls++
	if s.calls <= len(s.errs) {
		return nil, s.errs[s.calls-1]
	}
	return []byte("body"), nil
}

func always(err error) *scripted {
	errs := make([]error, 100)
	for i := range errs {
		errs[i] = err
	}
	return &scripted{errs: errs}
}

func newRetrying(next Source) (*retrying, *atomic.Int64) {
	retried := &atomic.Int64{}
	return &retrying{next: next, retries: 3, backoff: time.Second, maxRetryAfter: 2 * time.Minute, wait: sleep, retried: retried}, retried
}

func TestWhatIsRetried(t *testing.T) {
	for _, test := range []struct {
		err   error
		calls int
	}{
		{&StatusError{Code: 429}, 4},
		{&StatusError{Code: 408}, 4},
		{&StatusError{Code: 500}, 4},
		{&StatusError{Code: 599}, 4},
		{fmt.Errorf("%w: html", ErrBody), 4},
		{fmt.Errorf("%w: reset", ErrNetwork), 4},
		{ErrTimeout, 4},
		{&StatusError{Code: 404}, 1},
		{&StatusError{Code: 410}, 1},
		{&StatusError{Code: 204}, 1},
		{&StatusError{Code: 401}, 1},
		{&StatusError{Code: 403}, 1},
		{&StatusError{Code: 400}, 1},
		{&StatusError{Code: 302}, 1},
		{ErrNoImagery, 1},
		{ErrRefused, 1},
		{ErrZoom, 1},
		{errors.New("anything else"), 1},
	} {
		t.Run(test.err.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				next := always(test.err)
				s, retried := newRetrying(next)
				_, err := s.Fetch(t.Context(), tiles.Chunk{})
				if !errors.Is(err, test.err) || next.calls != test.calls || retried.Load() != int64(test.calls-1) {
					t.Errorf("%v after %d calls, %d counted as retries, want %d calls", err, next.calls, retried.Load(), test.calls)
				}
			})
		})
	}
}

func TestRetryingSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &scripted{errs: []error{ErrTimeout, ErrNetwork}}
		s, retried := newRetrying(next)
		body, err := s.Fetch(t.Context(), tiles.Chunk{})
		if err != nil || string(body) != "body" || next.calls != 3 || retried.Load() != 2 {
			t.Errorf("%q, %v after %d calls, %d retries", body, err, next.calls, retried.Load())
		}
	})
}

// TestRetryAfterIsWaitedFor in the bubble's clock, and no longer than the clamp.
func TestRetryAfterIsWaitedFor(t *testing.T) {
	for _, test := range []struct{ asked, least time.Duration }{
		{5 * time.Second, 5 * time.Second},
		{time.Hour, 2 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := newRetrying(&scripted{errs: []error{&StatusError{Code: 503, RetryAfter: test.asked}}})
			start := time.Now()
			if _, err := s.Fetch(t.Context(), tiles.Chunk{}); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took < test.least || took > test.least+s.backoff {
				t.Errorf("asked to wait %v: waited %v", test.asked, took)
			}
		})
	}
}

// A chunk that may not be asked for again for an hour is left to another run, if the host answers
// others meanwhile: a build once waited for it for minutes.
func TestRetryAfterTooLong(t *testing.T) {
	for _, answers := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			next := &scripted{errs: []error{&StatusError{Code: 503, RetryAfter: time.Hour}}}
			s, _ := newRetrying(next)
			s.host = newThrottle(4, 0, time.Second, time.Minute)
			if answers {
				time.AfterFunc(s.backoff/2, func() {
					s.host.mu.Lock()
					defer s.host.mu.Unlock()
					s.host.outage.last = time.Now()
				})
			}
			start := time.Now()
			_, err := s.Fetch(t.Context(), tiles.Chunk{})
			switch took := time.Since(start); {
			case answers && (took > s.backoff || next.calls != 1 || err == nil):
				t.Errorf("%v after %v and %d calls", err, took, next.calls)
			case !answers && (took < s.maxRetryAfter || next.calls != 2 || err != nil):
				t.Errorf("no answer to others: %v after %v and %d calls", err, took, next.calls)
			}
		})
	}
}

func TestDelayGrowsAndIsJittered(t *testing.T) {
	s, _ := newRetrying(nil)
	for attempt, ceiling := range []time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, maxBackoff, maxBackoff} {
		low, high := maxBackoff, time.Duration(0)
		for range 2000 {
			d := s.delay(attempt, ErrTimeout)
			low, high = min(low, d), max(high, d)
		}
		if high >= ceiling || high < ceiling*9/10 || low > ceiling/10 {
			t.Errorf("attempt %d: delays from %v to %v, want the whole of 0 to %v", attempt, low, high, ceiling)
		}
	}
	if d := s.delay(1000, ErrTimeout); d < 0 || d > maxBackoff {
		t.Errorf("attempt 1000: delay %v", d)
	}
}

func TestCancelledWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		next := always(&StatusError{Code: 503, RetryAfter: time.Minute})
		s, retried := newRetrying(next)
		start := time.Now()
		time.AfterFunc(time.Second, cancel)
		_, err := s.Fetch(ctx, tiles.Chunk{})
		if !errors.Is(err, context.Canceled) || time.Since(start) != time.Second || next.calls != 1 || retried.Load() != 0 {
			t.Errorf("%v after %v and %d calls", err, time.Since(start), next.calls)
		}
	})
}

func TestRetryAfterHeader(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, test := range []struct {
		header string
		want   time.Duration
	}{
		{"", 0},
		{"0", 0},
		{"120", 2 * time.Minute},
		{" 3 ", 3 * time.Second},
		{"-1", 0},
		{"1.5", 0},
		{"99999999999999999999", 0},
		{"4294967295", 4294967295 * time.Second},
		{"Fri, 02 Jan 2026 03:04:35 GMT", 30 * time.Second},
		{"Friday, 02-Jan-26 03:04:35 GMT", 30 * time.Second},
		{"Fri, 02 Jan 2026 03:04:00 GMT", 0},
		{"tomorrow", 0},
	} {
		if got := retryAfter(http.Header{"Retry-After": {test.header}}, now); got != test.want {
			t.Errorf("retryAfter(%q) = %v, want %v", test.header, got, test.want)
		}
	}
}

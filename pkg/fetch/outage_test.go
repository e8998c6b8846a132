package fetch

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// neverComes are ways in which a provider fails a chunk for ever.
var neverComes = map[string]error{
	"400": &StatusError{Code: 400}, "403": &StatusError{Code: 403}, "429": &StatusError{Code: 429}, "429 and wait": &StatusError{Code: 429, RetryAfter: 5 * time.Second},
	"500": &StatusError{Code: 500}, "503": &StatusError{Code: 503}, "HTML": fmt.Errorf("%w: HTML: Access denied", ErrBody),
	"reset": fmt.Errorf("%w: connection reset by peer", ErrNetwork), "silence": errNever,
}

// lasting answers share of the chunks always with err.
func lasting(share float64, err error) (answer func(int64, tiles.Chunk) error, bad func(c tiles.Chunk) bool) {
	bad = func(c tiles.Chunk) bool { return c != alwaysComes && float64(c.X*2654435761%1000) < 1000*share }
	return func(_ int64, c tiles.Chunk) error {
		if bad(c) {
			return err
		}
		return nil
	}, bad
}

// A provider that fails some chunks for ever serves all the others, and is not taken to be down:
// neither among others, nor by a second run, which has nothing else left to ask for. Once 500 for
// 1.2 % stopped builds for good, and silence or 429 for some made a host get next to nothing.
func TestBadChunksAreNoOutage(t *testing.T) {
	const chunks = 2000
	for name, failure := range neverComes {
		for _, share := range []float64{0.002, 0.012, 0.3} {
			t.Run(fmt.Sprintf("%s for %v", name, share), func(t *testing.T) {
				fewerIfShort(t, name, share)
				synctest.Test(t, func(t *testing.T) {
					h := &host{latency: 40 * time.Millisecond}
					answer, isBad := lasting(share, failure)
					h.answer = answer
					var bad []tiles.Chunk
					for i := range uint32(chunks) {
						if c := (tiles.Chunk{X: i + 1}); isBad(c) {
							bad = append(bad, c)
						}
					}
					told := 0
					run := func(candidates ...tiles.Chunk) Source {
						th := newThrottle(32, 0, 20*time.Second, 10*time.Minute)
						th.notify = func(bool, error, time.Duration) { told++ }
						th.candidate(candidates)
						s, _ := guest(h, th)
						return s
					}
					// What a failure costs: a few more tries, at the pace of retries or one
					// time-out after another, many at once.
					each := time.Second
					if errors.Is(failure, errNever) {
						each = 20 * time.Second
					}
					most := 3*time.Minute + time.Duration(len(bad))*each/4
					for name, work := range map[string]func() int{
						"first run":  func() int { return fetchAll(t.Context(), run(), chunks) },
						"second run": func() int { return fetchList(t.Context(), run(tiles.Chunk{X: 0xFFFFFF}, alwaysComes), bad) },
					} {
						start := time.Now()
						failed := work()
						if took := time.Since(start); failed != len(bad) || told > 0 || took > most {
							t.Errorf("%s: %d failed in %v, want %d in %v; an outage was told of %d times", name, failed, took, len(bad), most, told)
						}
					}
				})
			})
		}
	}
}

// fewerIfShort skips most of what takes a second with the race detector.
func fewerIfShort(t *testing.T, failure string, share float64) {
	t.Helper()
	if testing.Short() && share > 0.1 && failure != "500" && failure != "silence" {
		t.Skip("many failures of other kinds take the same ways: for the full suite")
	}
}

// alwaysComes is a chunk that lasting never fails.
var alwaysComes = tiles.Chunk{X: 0}

// An outage of a minute among failures for ever: it is told once, waited for, and no chunk is lost
// to it but those that are always.
func TestOutageAmongBadChunks(t *testing.T) {
	for name, failure := range neverComes {
		for _, share := range []float64{0.012, 0.3} {
			t.Run(fmt.Sprintf("%s for %v", name, share), func(t *testing.T) {
				fewerIfShort(t, name, share)
				synctest.Test(t, func(t *testing.T) { outageAmong(t, share, failure) })
			})
		}
	}
}

func outageAmong(t *testing.T, share float64, failure error) {
	const chunks = 4000
	answer, isBad := lasting(share, failure)
	bad := 0
	for i := range uint32(chunks) {
		if isBad(tiles.Chunk{X: i + 1}) {
			bad++
		}
	}
	h := &host{latency: 40 * time.Millisecond}
	var dies sync.Once
	var died time.Time
	h.answer = func(n int64, c tiles.Chunk) error {
		if n < chunks/2 {
			return answer(n, c)
		}
		dies.Do(func() { died = time.Now() })
		if time.Since(died) < time.Minute {
			return fmt.Errorf("%w: connection refused", ErrNetwork)
		}
		return answer(n, c)
	}
	th := newThrottle(32, 0, 20*time.Second, 10*time.Minute)
	var told []bool
	th.notify = func(down bool, _ error, _ time.Duration) { told = append(told, down) }
	s, _ := guest(h, th)
	if failed := fetchAll(t.Context(), s, chunks); failed != bad || !slices.Equal(told, []bool{true, false}) {
		t.Errorf("%d failed, want %d; told down %v, want once and back", failed, bad, told)
	}
}

// The last chunks of a build make no row of twenty. A host that dies before they have come is
// waited for nevertheless, also where chunks are asked for once.
func TestOutageOfTheLastChunk(t *testing.T) {
	for _, retries := range []int{0, 6} {
		synctest.Test(t, func(t *testing.T) {
			h := &host{latency: 40 * time.Millisecond}
			s, _ := guest(h, newThrottle(32, 0, 20*time.Second, 10*time.Minute))
			s.(*retrying).retries = retries
			fetchAll(t.Context(), s, 100)
			start := time.Now()
			h.answer = func(int64, tiles.Chunk) error {
				if time.Since(start) < 3*time.Minute {
					return &StatusError{Code: 502}
				}
				return nil
			}
			if _, err := s.Fetch(t.Context(), tiles.Chunk{X: 1000}); err != nil {
				t.Errorf("%d retries: %v", retries, err)
			}
		})
	}
}

// A host that begins to refuse everything is not asked on, nor waited for; one that refuses some is
// no matter how many in a row those are.
func TestRefusals(t *testing.T) {
	const many = 300
	refused := &StatusError{Code: 403}
	for _, test := range []struct {
		name       string
		answers    func(c tiles.Chunk) bool
		candidates []tiles.Chunk
		first      int  // chunks that come before the refusals
		down       bool // in the end
	}{
		{"everything from the first", func(tiles.Chunk) bool { return false }, nil, 0, true},
		{"everything, and candidates", func(tiles.Chunk) bool { return false }, []tiles.Chunk{{X: 90001}, {X: 90002}}, 0, true},
		{"everything from now on", func(tiles.Chunk) bool { return false }, nil, 100, true},
		{"a region", func(c tiles.Chunk) bool { return c.X < 200 }, nil, 100, false},
		{"a region, at the start", func(c tiles.Chunk) bool { return c.X == 90002 }, []tiles.Chunk{{X: 90001}, {X: 90002}}, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &host{latency: 10 * time.Millisecond}
				th := newThrottle(32, 0, 20*time.Second, 10*time.Minute)
				th.notify = func(bool, error, time.Duration) { t.Error("it is said to be waited for") }
				th.candidate(test.candidates)
				s, _ := guest(h, th)
				fetchAll(t.Context(), s, test.first)
				h.answer = func(_ int64, c tiles.Chunk) error {
					if !test.answers(c) {
						return refused
					}
					return nil
				}
				var region []tiles.Chunk
				for i := range uint32(many) {
					region = append(region, tiles.Chunk{X: 1000 + i})
				}
				start := time.Now()
				before := h.sent
				if failed := fetchList(t.Context(), s, region); failed != many || time.Since(start) > 2*time.Second {
					t.Errorf("%d of %d failed after %v", failed, many, time.Since(start))
				}
				_, err := s.Fetch(t.Context(), tiles.Chunk{X: 5000})
				if errors.Is(err, ErrDown) != test.down || !errors.Is(err, ErrRefused) {
					t.Errorf("%v; want the host to be given up: %t", err, test.down)
				}
				if asked := h.sent - before; test.down != (asked < 100) {
					t.Errorf("asked %d times for %d chunks", asked, many)
				}
				if h.answer = nil; test.down {
					time.Sleep(refusedFor)
					for range 3 {
						if _, err := s.Fetch(t.Context(), tiles.Chunk{X: 6000}); err != nil {
							t.Errorf("after the pause: %v", err)
						}
					}
				}
			})
		})
	}
}

// A page instead of imagery for everything, such as the sign-in of a hotel, is an outage like any
// other: it may pass.
func TestOutageOfPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		h := &host{latency: 40 * time.Millisecond}
		h.answer = func(int64, tiles.Chunk) error {
			if since := time.Since(start); since > time.Second && since < 5*time.Minute {
				return fmt.Errorf("%w: HTML: Sign in", ErrBody)
			}
			return nil
		}
		th := newThrottle(32, 0, 20*time.Second, 10*time.Minute)
		said := ""
		th.notify = func(down bool, cause error, _ time.Duration) {
			if down {
				said += Explain(cause)
			}
		}
		s, _ := guest(h, th)
		if failed := fetchAll(t.Context(), s, 4000); failed > 0 || said != "answers HTML: Sign in" {
			t.Errorf("%d failed, said %q", failed, said)
		}
	})
}

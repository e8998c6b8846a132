package lru

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// One goroutine makes a value for all who want it.
func TestMadeOnce(t *testing.T) {
	t.Parallel()
	c := New[int, string](10, nil)
	started, release := make(chan struct{}), make(chan struct{})
	loads := 0 // only ever touched by the one that loads
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			e, err := c.Get(t.Context(), 42, func() (string, int64, error) {
				loads++
				close(started)
				<-release
				return "made", 1, nil
			})
			if err != nil || e.Value != "made" {
				t.Errorf("goroutine %d: %v", i, err)
				return
			}
			c.Release(e)
		})
	}
	<-started
	if _, there := c.Peek(42); there || !c.Holds(42) {
		t.Error("what is being made is there already, or not known of")
	}
	close(release)
	wg.Wait()
	if loads != 1 {
		t.Errorf("made %d times", loads)
	}
}

// users waits until so many use the value of a key that is being made.
func users[K comparable, V any](c *Cache[K, V], k K, n int) {
	for {
		c.mu.Lock()
		users := c.making[k].users
		c.mu.Unlock()
		if users == n {
			return
		}
	}
}

// Whoever waits for another's making does not share its cancellation, but does share its other
// errors.
func TestMakerFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, tt := range []struct {
		name      string
		first     error
		wantErr   error
		wantLoads int
	}{
		{"given up", fmt.Errorf("read: %w", context.Canceled), nil, 2},
		{"broken", broken, broken, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := New[int, string](10, nil)
			started, release := make(chan struct{}), make(chan struct{})
			loads := 0
			load := func() (string, int64, error) {
				if loads++; loads == 1 {
					close(started)
					<-release
					return "", 0, tt.first
				}
				return "made", 1, nil
			}
			var wg sync.WaitGroup
			wg.Go(func() {
				if e, err := c.Get(t.Context(), 1, load); !errors.Is(err, tt.first) || e != nil {
					t.Errorf("the maker got %v", err)
				}
			})
			<-started
			wg.Go(func() {
				if _, err := c.Get(t.Context(), 1, load); !errors.Is(err, tt.wantErr) {
					t.Errorf("who waits got %v, want %v", err, tt.wantErr)
				}
			})
			users(c, 1, 2)
			close(release)
			wg.Wait()
			if loads != tt.wantLoads {
				t.Errorf("made %d times, want %d", loads, tt.wantLoads)
			}
		})
	}
}

// Who stops waiting leaves the value to the others, and is no user of it.
func TestWaiterGivesUp(t *testing.T) {
	t.Parallel()
	var freed []string
	c := New[int](-1, func(v string) { freed = append(freed, v) })
	started, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		e, err := c.Get(t.Context(), 1, func() (string, int64, error) {
			close(started)
			<-release
			return "made", 1, nil
		})
		if err != nil {
			t.Error(err)
			return
		}
		c.Release(e)
	})
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Get(ctx, 1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	close(release)
	wg.Wait()
	if diff := cmp.Diff([]string{"made"}, freed); diff != "" {
		t.Errorf("freed (-want +got):\n%s", diff)
	}
}

// What was used longest ago goes first, and what is in use is freed only when it no longer is.
func TestDropped(t *testing.T) {
	t.Parallel()
	var freed []int
	c := New[int](2, func(v int) { freed = append(freed, v) })
	get := func(k int) *Entry[int] {
		e, err := c.Get(t.Context(), k, func() (int, int64, error) { return k, 1, nil })
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	held := get(1)
	c.Release(get(2))
	c.Release(get(3)) // drops 1, which is held
	c.Release(get(4)) // drops 2
	for k, want := range map[int]bool{1: false, 2: false, 3: true, 4: true} {
		e, there := c.Peek(k)
		if there != want {
			t.Errorf("%d is there: %v, want %v", k, there, want)
		}
		if there {
			c.Release(e)
		}
	}
	c.Release(held)
	if diff := cmp.Diff([]int{2, 1}, freed); diff != "" || c.Size() != 2 {
		t.Errorf("size %d, freed (-want +got):\n%s", c.Size(), diff)
	}
}

// Whatever the limit, every value is freed once, and none that is used.
func TestFreedOnce(t *testing.T) {
	t.Parallel()
	for _, limit := range []int64{-1, 0, 1, 3, 1 << 30} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			type value struct {
				k     int
				freed bool
			}
			made, freed := 0, 0 // made: under the lock that is taken to count
			var mu sync.Mutex
			c := New[int](limit, func(v *value) {
				if v.freed {
					t.Error("freed twice")
				}
				v.freed = true
				freed++
			})
			var wg sync.WaitGroup
			for seed := range uint64(4) {
				wg.Go(func() {
					rng := rand.New(rand.NewPCG(seed, uint64(limit)))
					for range 500 {
						k := rng.IntN(5)
						e, err := c.Get(t.Context(), k, func() (*value, int64, error) {
							mu.Lock()
							defer mu.Unlock()
							made++
							return &value{k: k}, 1, nil
						})
						if err != nil || e.Value.k != k {
							t.Errorf("%d: %v", k, err)
							return
						}
						if e.Value.freed {
							t.Errorf("%d was freed in use", k)
						}
						c.Release(e)
					}
				})
			}
			wg.Wait()
			if want := made - c.kept.Len(); freed != want || c.Size() > max(0, limit) {
				t.Errorf("%d made, %d kept, %d freed", made, c.kept.Len(), freed)
			}
		})
	}
}

package segment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// One goroutine loads a segment for all who want it.
func TestDecodedLoadsOnce(t *testing.T) {
	t.Parallel()
	c := NewDecoded(1 << 20)
	started, release := make(chan struct{}), make(chan struct{})
	loads := 0 // only ever touched by the one that loads
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			b, err := c.Acquire(t.Context(), 42, Bytes, func(buf []byte) error {
				loads++
				close(started)
				<-release
				buf[0] = 9
				return nil
			})
			if err != nil || b.Data[0] != 9 {
				t.Errorf("goroutine %d: %v", i, err)
				return
			}
			c.Release(b)
		})
	}
	<-started
	close(release)
	wg.Wait()
	if loads != 1 {
		t.Errorf("loaded %d times", loads)
	}
}

// Whoever waits for another's load does not share its cancellation, but does share its other
// errors.
func TestDecodedLoadFails(t *testing.T) {
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
			c := NewDecoded(1 << 20)
			started, release := make(chan struct{}), make(chan struct{})
			loads := 0
			load := func([]byte) error {
				if loads++; loads == 1 {
					close(started)
					<-release
					return tt.first
				}
				return nil
			}
			var wg sync.WaitGroup
			wg.Go(func() {
				if _, err := c.Acquire(t.Context(), 1, Bytes, load); !errors.Is(err, tt.first) {
					t.Errorf("the loader got %v", err)
				}
			})
			<-started
			waiting := make(chan struct{})
			wg.Go(func() {
				close(waiting)
				b, err := c.Acquire(t.Context(), 1, Bytes, load)
				if !errors.Is(err, tt.wantErr) {
					t.Errorf("the waiter got %v, want %v", err, tt.wantErr)
				}
				if err == nil {
					c.Release(b)
				}
			})
			<-waiting
			for { // until it really waits
				c.mu.Lock()
				users := c.blocks[1].users
				c.mu.Unlock()
				if users == 2 {
					break
				}
			}
			close(release)
			wg.Wait()
			if loads != tt.wantLoads {
				t.Errorf("loaded %d times, want %d", loads, tt.wantLoads)
			}
		})
	}
}

// What was used longest ago goes first, and what is in use survives being dropped.
func TestDecodedDrops(t *testing.T) {
	t.Parallel()
	c := NewDecoded(2 * Bytes)
	fill := func(v byte) func([]byte) error {
		return func(buf []byte) error {
			for i := range buf {
				buf[i] = v
			}
			return nil
		}
	}
	get := func(id int64) *Block {
		b, err := c.Acquire(t.Context(), id, Bytes, fill(byte(id)))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	held := get(1)
	c.Release(get(2))
	c.Release(get(3)) // drops 1, which is held
	c.Release(get(4)) // drops 2
	for id, want := range map[int64]bool{1: false, 2: false, 3: true, 4: true} {
		b, ok := c.Peek(id)
		if ok != want {
			t.Errorf("segment %d is there: %v, want %v", id, ok, want)
		}
		if ok {
			c.Release(b)
		}
	}
	if !bytes.Equal(held.Data, bytes.Repeat([]byte{1}, Bytes)) {
		t.Error("a segment in use was overwritten")
	}
	c.Release(held)
	if c.bytes != 2*Bytes {
		t.Errorf("%d bytes held, want %d", c.bytes, 2*Bytes)
	}
}

// Whatever the limit, nobody is left as a user of what everybody has given back.
func TestDecodedCountsUsers(t *testing.T) {
	t.Parallel()
	for _, limit := range []int64{-1, 1, 3 * Bytes, 1 << 30} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			c := NewDecoded(limit)
			var wg sync.WaitGroup
			for seed := range uint64(4) {
				wg.Go(func() {
					rng := rand.New(rand.NewPCG(seed, uint64(limit)))
					for range 200 {
						id := rng.Int64N(5)
						b, err := c.Acquire(t.Context(), id, Bytes, func(buf []byte) error { buf[0] = byte(id); return nil })
						if err != nil || b.Data[0] != byte(id) {
							t.Errorf("segment %d: %v", id, err)
							return
						}
						c.Release(b)
					}
				})
			}
			wg.Wait()
			for _, b := range c.blocks {
				if b.users != 0 {
					t.Errorf("segment %d still has %d users", b.id, b.users)
				}
			}
		})
	}
}

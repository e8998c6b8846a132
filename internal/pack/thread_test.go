//go:build linux

package pack

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Workers of low priority do their work on threads that have it, and nobody else is slowed.
func TestLowPriority(t *testing.T) {
	p := New(Options{Source: fetch.Sample(), MaxZL: tiles.MaxZL, LowPriority: true, Workers: 2})
	niceness := func() (n int) {
		// The system call counts from 40 downwards.
		raw, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
		if err != nil {
			t.Error(err)
		}
		return 20 - raw
	}
	before := niceness()
	for range 20 {
		err := p.work(t.Context(), TaskChunk, func(*worker) error {
			if n := niceness(); n != lowPriority {
				t.Errorf("niceness of a worker: %d, want %d", n, lowPriority)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := niceness(); n != before {
			t.Errorf("niceness of the caller: %d, was %d", n, before)
		}
	}
	failure := errors.New("failure")
	if err := p.work(t.Context(), TaskChunk, func(*worker) error { return failure }); !errors.Is(
		err, failure) {
		t.Errorf("error of a worker: %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a panic of a worker did not reach its caller")
			}
		}()
		_ = p.work(t.Context(), TaskChunk, func(*worker) error { panic("at the disco") })
	}()
	built, err := p.Texture(t.Context(),
		tiles.Item{Texture: neighbours(1, 0)[0].Texture, Detail: 4})
	if err != nil || int64(len(built.File)) != (dds.Layout{Format: dds.BC1, Side: 256}).Size() {
		t.Errorf("a texture after all that: %v", err)
	}
	built.Release()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

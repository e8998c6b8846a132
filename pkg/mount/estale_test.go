//go:build linux

package mount

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Whoever is told to look a name up again gets what it was told of, whatever has been made
// meanwhile: the kernel comes back once.
func TestWhoComesBackIsServed(t *testing.T) { synctest.Test(t, whoComesBackIsServed) }

func whoComesBackIsServed(t *testing.T) {
	l, _, release := testLive(t, 1)
	defer close(release)
	x := tex(named(0))
	keep := func(seed string) *content {
		c := l.contents.ofBytes(noise(small, seed))
		l.cache.put(x.Key(), c, time.Now(), time.Hour)
		return c
	}
	open := func(generation uint64, want *content, wantErrno syscall.Errno) {
		t.Helper()
		if c, _, errno := l.open(t.Context(), x, generation); c != want || errno != wantErrno {
			t.Errorf("generation %d: %v, %v", generation, c == want, errno)
		}
	}
	open(0, keep("first"), 0)
	second := keep("second")
	open(0, nil, syscall.ESTALE)
	third := keep("third")
	open(0, nil, syscall.ESTALE) // another
	open(1, second, 0)
	open(1, second, 0)
	open(1, nil, syscall.ESTALE)
	keep("fourth")
	open(2, third, 0)

	// One that never comes back keeps others from what is new for a while only.
	open(2, nil, syscall.ESTALE)
	time.Sleep(keepComing + 1)
	fifth := keep("fifth")
	open(3, nil, syscall.ESTALE)
	keep("sixth")
	open(4, fifth, 0)
	if lt := l.textures[x.Key()]; len(lt.coming) > 0 || lt.held != nil {
		t.Error("something is held although nobody is to come")
	}
}

// However often the bytes of a texture change, and whoever opens it at the same time, no open
// fails: that the name has to be looked up again is between the mount and the kernel, which does so
// once.
func TestOpensNeverFail(t *testing.T) {
	mounttest.NeedFUSE(t)
	var made atomic.Int64
	g := &fakeGenerator{answer: func(_ context.Context, x tiles.Texture) ([]byte, bool, error) {
		n := made.Add(1)
		if n%3 == 0 {
			return nil, false, errProvider
		}
		file := slices.Clone(grounded(LiveLayout()))
		copy(file[len(file)-8:], fmt.Sprintf("%08d", n)) // other bytes each time, with holes
		return file, false, nil
	}}
	o := liveAny(g)
	o.MemoryCache = 1 // what was made is forgotten when the next is
	o.Deadline = time.Microsecond
	f := mountTemp(t, o)
	var wg sync.WaitGroup
	for range 8 {
		r := mounttest.NewReader(t)
		wg.Go(func() {
			for i := range 200 {
				path := f.textures(fmt.Sprintf("160_%d_BI16.dds", 320+16*(i%3)))
				file, errno, answered := r.TryOpen(path)
				if errno != 0 || !answered {
					t.Errorf("open %d: %v, answered %v", i, errno, answered)
					return
				}
				r.CloseFile(file)
			}
		})
	}
	wg.Wait()
}

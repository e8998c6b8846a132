//go:build linux

package mount

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// prefetching makes what is asked for, and neighbours.
func prefetching(g Generator) Options {
	o := liveAny(g)
	o.Prefetch, o.LiveWorkers = true, 4
	return o
}

// Neighbours of what is opened are made, and then served from memory; what an archive or the
// scenery has is not.
func TestPrefetch(t *testing.T) {
	mounttest.NeedFUSE(t)
	var a fakeArchive
	a.add("160_304_BI16", small)
	scenery := t.TempDir()
	write(t, scenery, "textures/160_336_bi16.DDS", []byte("real"))
	file := made(tex("160_320_BI16"))
	g := &fakeGenerator{answer: func(context.Context, tiles.Texture) ([]byte, bool, error) {
		return file, true, nil
	}}
	o := prefetching(g)
	o.Archives, o.Scenery = []Archive{&a}, []string{scenery}
	f := mountTemp(t, o)
	r := mounttest.NewReader(t)
	mustRead(t, f, r, "160_320_BI16")
	patience.Until(t, "six neighbours are made", func() bool { return f.Stats().Prefetched == 6 })
	if n := g.calls.Load(); n != 7 {
		t.Errorf("%d were made, want one and its six neighbours", n)
	}
	if got, errno := r.HashFile(f.textures("144_320_BI16.dds")); errno != 0 ||
		got != sha256.Sum256(file) {
		t.Errorf("a neighbour: other bytes than were made, %v", errno)
	}
	if s := f.Stats(); s.MemoryHits != 1 || s.StandIns != 0 {
		t.Errorf("stats: %+v", s)
	}
}

// What somebody waits for is not kept waiting by what nobody has asked for, and a provider in
// trouble is asked for nothing more than what is needed.
func TestPrefetchYields(t *testing.T) {
	mounttest.NeedFUSE(t)
	asked := map[string]bool{"160_320_BI16": true, "1600_3200_BI16": true, "1600_4800_BI16": true}
	began := make(chan string, 100)
	g := &fakeGenerator{answer: func(ctx context.Context, x tiles.Texture) ([]byte, bool, error) {
		began <- x.Name()
		if asked[x.Name()] {
			return made(x), true, nil
		}
		<-ctx.Done() // a prefetch lasts until it is given up
		return nil, false, ctx.Err()
	}}
	o := prefetching(g)
	o.LiveWorkers, o.Deadline = 1, time.Hour
	f := mountTemp(t, o)
	r := mounttest.NewReader(t)
	for i, name := range []string{"160_320_BI16", "1600_3200_BI16", "1600_4800_BI16"} {
		mustRead(t, f, r, name)
		for got := range began {
			if !asked[got] {
				break // and it holds the only worker
			}
		}
		if s := f.Stats(); s.Prefetched != 0 || s.StandIns != 0 || s.Made != int64(i+1) {
			t.Errorf("stats: %+v", s)
		}
	}
	f.live.mu.Lock()
	defer f.live.mu.Unlock()
	if n := f.live.queue.foreseen.Len(); n == 0 || n > maxPrefetch {
		t.Errorf("%d are foreseen, want some and at most %d", n, maxPrefetch)
	}
}

func TestPrefetchStopsWhenItFails(t *testing.T) {
	l := newLive(t.Context(),
		&Options{Prefetch: true, Live: LiveAny, LiveWorkers: 4, MemoryCache: 1 << 30,
			GenerateTimeout: time.Hour,
			Generator:       broken(), Logger: slog.New(slog.DiscardHandler)}, newShelf(nil),
		&liveCounters{})
	defer l.wg.Wait()
	defer l.close()
	l.mu.Lock()
	l.predict(tex("160_320_BI16"))
	l.mu.Unlock()
	patience.Until(t, "it stops", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.predict(tex("1600_3200_BI16"))
		return l.queue.running == 0 && l.queue.foreseen.Len() == 0 && !l.ahead.paused.IsZero()
	})
}

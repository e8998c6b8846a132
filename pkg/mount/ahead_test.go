//go:build linux

package mount

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// textures are those of these names.
func textures(names ...string) (all []tiles.Texture) {
	for _, name := range names {
		all = append(all, tex(name))
	}
	return all
}

// What is ordered ahead is made in its order, once, and what an archive holds is not.
func TestAhead(t *testing.T) {
	mounttest.NeedFUSE(t)
	var a fakeArchive
	a.add("160_336_BI16", small)
	var mu sync.Mutex
	var order []string
	g := &fakeGenerator{answer: func(_ context.Context, x tiles.Texture) ([]byte, bool, error) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, x.Name())
		return made(x), true, nil
	}}
	o := liveAny(g)
	o.LiveWorkers, o.Archives = 1, []Archive{&a}
	f := mountTemp(t, o)
	list := []string{"160_320_BI16", "160_336_BI16", "1600_3200_BI16", "160_352_BI16"}
	f.Ahead(textures(list...))
	patience.Until(t, "three are made", func() bool { return f.Stats().Prefetched == 3 })
	f.Ahead(textures(list...))
	r := mounttest.NewReader(t)
	want := []string{"160_320_BI16", "1600_3200_BI16", "160_352_BI16"}
	for _, name := range want {
		mustRead(t, f, r, name)
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(order, want) {
		t.Errorf("made %v, want %v", order, want)
	}
	if s := f.Stats(); s.StandIns != 0 || s.MemoryHits != 3 {
		t.Errorf("stats: %+v", s)
	}
}

// What an open waits for comes before what was ordered ahead, and takes its worker. A new order
// takes the place of the old one.
func TestAheadYields(t *testing.T) {
	mounttest.NeedFUSE(t)
	began := make(chan string, 100)
	g := &fakeGenerator{answer: func(ctx context.Context, x tiles.Texture) ([]byte, bool, error) {
		began <- x.Name()
		if x == tex("160_320_BI16") {
			return made(x), true, nil
		}
		<-ctx.Done() // what is made ahead lasts until it is given up
		return nil, false, ctx.Err()
	}}
	o := liveAny(g)
	o.LiveWorkers = 1
	f := mountTemp(t, o)
	f.Ahead(textures("1600_3200_BI16", "1600_3216_BI16"))
	if got := <-began; got != "1600_3200_BI16" {
		t.Fatal(got)
	}
	f.Ahead(textures("1600_4800_BI16"))
	mustRead(t, f, mounttest.NewReader(t), "160_320_BI16")
	for _, want := range []string{"160_320_BI16", "1600_4800_BI16"} {
		if got := <-began; got != want {
			t.Errorf("%s began, want %s", got, want)
		}
	}
}

// A provider in trouble is not asked for what nobody has opened.
func TestAheadFails(t *testing.T) {
	mounttest.NeedFUSE(t)
	g := &fakeGenerator{answer: func(context.Context, tiles.Texture) ([]byte, bool, error) {
		return nil, false, errors.New("no provider")
	}}
	o := liveAny(g)
	o.LiveWorkers = 1
	f := mountTemp(t, o)
	f.Ahead(textures("160_320_BI16", "160_336_BI16", "160_352_BI16"))
	patience.Until(t, "it pauses", func() bool {
		f.live.mu.Lock()
		defer f.live.mu.Unlock()
		return !f.live.ahead.paused.IsZero() && f.live.queue.running == 0
	})
	f.Ahead(textures("160_336_BI16"))
	if n := g.calls.Load(); n != 1 {
		t.Errorf("%d were asked for, want one", n)
	}
}

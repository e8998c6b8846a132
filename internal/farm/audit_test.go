//go:build linux

package farm

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// A worker that builds valid textures of other pixels is found by the audit, named, given no more
// jobs, and all that it built is built again.
func TestAuditFindsAWorkerThatDiffers(t *testing.T) {
	drill.SkipIfShort(t)
	imagery := provider(t, fetchtest.Options{})
	b := smallBuild(t, imagery)
	if _, err := b.run(t.Context(), Options{}, nil); err != nil {
		t.Fatal(err)
	}
	want := sharetest.Digest(t, b.File)
	nats := serverOf(t)
	var once sync.Once
	differs := make(chan struct{}) // closed when w1 has built something: the others leave it that much
	workersOf(t, nats.ClientURL(), 3, func(o *WorkerOptions) {
		o.Jobs = 1
		change := func(ctx context.Context, _ Job, _, digest string) (string, error) {
			select {
			case <-differs:
			case <-ctx.Done():
			}
			return digest, ctx.Err()
		}
		if o.Name == "w1" {
			change = func(ctx context.Context, _ Job, file, _ string) (string, error) {
				once.Do(func() { close(differs) })
				return rewritten(ctx, file, flipped)
			}
		}
		o.wrap = func(b builder) builder { return liar{b, change} }
	})
	var named atomic.Int64
	b.File = filepath.Join(t.TempDir(), "a.mbtiles")
	r, err := b.run(t.Context(), Options{Server: Server{URL: nats.ClientURL()}, Audit: 1, ackWait: b.AckWait, jobSize: 4}, func(s string) {
		t.Log(s)
		if strings.HasPrefix(s, "w1 built job") {
			named.Add(1)
		} else if strings.Contains(s, "built job") {
			t.Errorf("named by mistake: %s", s)
		}
	})
	if err != nil || r.State != pack.StateComplete {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := sharetest.Digest(t, b.File); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	if named.Load() != 1 {
		t.Errorf("it was named %d times", named.Load())
	}
}

// A coordinator that is started again audits the shares of the one before: here the wrong worker
// has left when it comes.
func TestAuditOutlivesACoordinator(t *testing.T) {
	drill.SkipIfShort(t)
	imagery := provider(t, fetchtest.Options{})
	b := smallBuild(t, imagery)
	if _, err := b.run(t.Context(), Options{}, nil); err != nil {
		t.Fatal(err)
	}
	want := sharetest.Digest(t, b.File)
	b.File = filepath.Join(t.TempDir(), "a.mbtiles")
	nats := serverOf(t)
	o := Options{Server: Server{URL: nats.ClientURL()}, Audit: 1, ackWait: b.AckWait, jobSize: 2}

	first, kill := context.WithCancel(t.Context())
	var left sync.WaitGroup
	jobs := map[int]bool{} // one may come twice
	left.Go(func() {
		err := Work(first, WorkerOptions{Server: o.Server, Jobs: 1, Name: "wrong", wrap: func(b builder) builder {
			return liar{b, func(ctx context.Context, j Job, file, _ string) (string, error) {
				if jobs[j.N] = true; len(jobs) > 3 { // the coordinator is killed before it is done
					<-ctx.Done()
				}
				return rewritten(ctx, file, flipped)
			}}
		}})
		if err != nil {
			t.Error(err)
		}
	})
	left.Go(func() { _, _ = b.run(first, o, nil) }) // it is interrupted
	patience.Until(t, "three shares are taken", func() bool {
		list, err := Look(t.Context(), o.Server)
		return err == nil && len(list) == 1 && list[0].Taken == 3
	})
	kill()
	left.Wait()

	workersOf(t, nats.ClientURL(), 2, nil)
	named := 0
	r, err := b.run(t.Context(), o, func(s string) {
		t.Log(s)
		if strings.HasPrefix(s, "wrong built job") {
			named++
		}
	})
	if err != nil || r.State != pack.StateComplete {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := sharetest.Digest(t, b.File); got != want || named != 1 {
		t.Errorf("digest %s, want %s; the worker was named %d times", got, want, named)
	}
}

// A share that was written while its worker was found to build differently is not taken for done,
// and what replaces it does so whatever holes it has.
func TestShareOfAWorkerThatDiffersMeanwhile(t *testing.T) {
	items := []tiles.Item{{Texture: tiles.Texture{Row: 16, Col: 16, ZL: 16, Maptype: "X"}},
		{Texture: tiles.Texture{Row: 16, Col: 32, ZL: 16, Maptype: "X"}}}
	c := &collector{Farm: &Farm{jobs: [][]tiles.Item{items}, todo: map[int][]tiles.Item{0: items[:1]}, by: map[int]string{},
		wrong: map[int]bool{}, dead: map[int]Dead{}, differ: []string{"wrong"}}}
	share := Share{Job: Job{Items: items[:1]}, Worker: "wrong"}
	if left := c.count(settled{share: share}); len(left) != 2 || len(c.todo[0]) != 2 || !c.wrong[0] || c.by[0] != "" {
		t.Errorf("left %v, todo %v, wrong %v, by %q: want all of it built again", left, c.todo, c.wrong, c.by[0])
	}
	share.Items, share.Worker = items, "right"
	if left := c.count(settled{share: share}); len(left) != 0 || len(c.todo) != 0 || c.wrong[0] || c.by[0] != "right" {
		t.Errorf("left %v, todo %v, wrong %v, by %q: want it done", left, c.todo, c.wrong, c.by[0])
	}
}

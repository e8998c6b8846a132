//go:build linux

package mount

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
	"weak"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// testLive returns a live with a generator that hands over what it is asked for and waits until it
// is told to answer.
func testLive(t *testing.T,
	workers int) (l *live, asked chan tiles.Texture, release chan struct{}) {
	asked, release = make(chan tiles.Texture, 1000), make(chan struct{})
	g := &fakeGenerator{answer: func(ctx context.Context, x tiles.Texture) ([]byte, bool, error) {
		asked <- x
		select {
		case <-release:
			return made(x), true, nil
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}}
	o := liveAny(g)
	o.LiveWorkers, o.Deadline = workers, time.Hour
	if err := o.setDefaults(); err != nil {
		t.Fatal(err)
	}
	l = newLive(t.Context(), &o, newShelf(nil), &liveCounters{})
	t.Cleanup(func() {
		l.close()
		l.wg.Wait()
	})
	return l, asked, release
}

// want joins the making of x as an open would, and returns a function that leaves it.
func (l *live) want(x tiles.Texture) (j *job, leave func(why outcome)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lt := l.textures[x.Key()]
	if lt == nil {
		lt = &liveTexture{}
		l.textures[x.Key()] = lt
	}
	j = l.join(lt, x)
	return j, func(why outcome) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.leave(lt, j, why)
	}
}

// No more are made at once than there are workers.
func TestWorkers(t *testing.T) {
	l, asked, release := testLive(t, 2)
	for i := range 6 {
		l.want(tex(named(i)))
	}
	<-asked
	<-asked
	l.mu.Lock()
	if l.queue.running != 2 || l.queue.len() != 4 || len(asked) != 0 {
		t.Errorf("%d are made and %d wait, want 2 and 4", l.queue.running, l.queue.len())
	}
	l.mu.Unlock()
	close(release)
	l.wg.Wait()
	if l.queue.running != 0 || l.queue.len() != 0 || len(asked) != 4 {
		t.Errorf("left over: %d being made, %d waiting", l.queue.running, l.queue.len())
	}
}

// First come is first served; those that nobody waits for come last.
func TestQueueOrder(t *testing.T) {
	l, asked, release := testLive(t, 1)
	var leave []func(outcome)
	for i := range 6 {
		_, f := l.want(tex(named(i)))
		leave = append(leave, f)
	}
	leave[2](late)        // goes behind 3, 4 and 5
	leave[3](killed)      // is forgotten
	leave[4](late)        // goes behind 2
	l.want(tex(named(4))) // and comes back, behind 5
	close(release)
	l.wg.Wait()
	close(asked)
	var got []tiles.Texture
	for x := range asked {
		got = append(got, x)
	}
	var want []tiles.Texture
	for _, i := range []int{0, 1, 5, 4, 2} {
		want = append(want, tex(named(i)))
	}
	if !slices.Equal(got, want) {
		t.Errorf("made %v, want %v", got, want)
	}
}

// What nobody waits for any more is forgotten, the oldest first, once there is too much of it.
func TestAbandonedAreBounded(t *testing.T) {
	l, asked, _ := testLive(t, 1)
	l.want(tex(named(0)))
	<-asked
	for i := 1; i <= maxAbandoned+10; i++ {
		_, leave := l.want(tex(named(i)))
		leave(late)
	}
	if n := l.queue.abandoned.Len(); n != maxAbandoned {
		t.Errorf("%d are kept, want %d", n, maxAbandoned)
	}
	if oldest := l.queue.abandoned.Front().Value.(*job).texture; oldest != tex(named(11)) {
		t.Errorf("the oldest is %v, want %v", oldest, tex(named(11)))
	}
	if lt := l.textures[tex(named(1)).Key()]; lt.job != nil {
		t.Error("a forgotten texture still has its job: nobody would make it anew")
	}
}

// A texture that was cancelled and is wanted again is made anew, not waited for in vain.
func TestWantedAgainAfterCancel(t *testing.T) {
	l, asked, release := testLive(t, 2)
	first, leave := l.want(tex(named(0)))
	<-asked
	leave(killed)
	if first.ctx.Err() == nil {
		t.Error("the making goes on although nobody waits")
	}
	second, _ := l.want(tex(named(0)))
	if second == first {
		t.Fatal("it waits for what was cancelled")
	}
	<-asked
	close(release)
	<-second.done
	if second.err != nil || second.content == nil {
		t.Errorf("made anew: %v", second.err)
	}
}

// A making that takes too long ends for those who wait, whether or not the generator heeds its
// context.
func TestGenerateTimeout(t *testing.T) {
	release := make(chan struct{})
	g := &fakeGenerator{answer: func(context.Context, tiles.Texture) ([]byte, bool, error) {
		<-release
		return nil, false, errProvider
	}}
	o := liveAny(g)
	o.GenerateTimeout = 10 * time.Millisecond
	if err := o.setDefaults(); err != nil {
		t.Fatal(err)
	}
	l := newLive(t.Context(), &o, newShelf(nil), &liveCounters{})
	j, _ := l.want(tex(named(0)))
	<-j.done
	if !errors.Is(j.err, context.DeadlineExceeded) || l.counts.failed.Load() != 1 {
		t.Errorf("ended with %v, %d failed", j.err, l.counts.failed.Load())
	}
	again, _ := l.want(tex(named(0)))
	if again == j {
		t.Error("the next who wants it waits for what has failed")
	}
	close(release)
	l.close()
	l.wg.Wait()
}

// Each generation serves one content. A failure is answered at once for a while, then tried again.
func TestGenerations(t *testing.T) {
	l, asked, release := testLive(t, 1)
	l.opts.Deadline = time.Millisecond
	x := tex(named(0))
	open := func(generation uint64) (*content, syscall.Errno) {
		c, _, errno := l.open(t.Context(), x, generation)
		return c, errno
	}

	standIn, errno := open(0)
	if errno != 0 || standIn.data != nil {
		t.Fatalf("at the deadline: %v, %v", standIn, errno)
	}
	<-asked
	close(release)
	l.wg.Wait()
	if _, errno := open(0); errno != syscall.ESTALE {
		t.Fatalf("the same generation with other bytes: %v, want ESTALE", errno)
	}
	if g := l.generation(x.Key()); g != 1 {
		t.Fatalf("generation %d, want 1", g)
	}
	if _, errno := open(0); errno != syscall.ESTALE {
		t.Errorf("a past generation: %v, want ESTALE", errno)
	}
	real, errno := open(1)
	if errno != 0 || !real.final {
		t.Fatalf("the next generation: %v, %v", real, errno)
	}
	if again, errno := open(1); errno != 0 || again != real || l.pinned != real.bytes() {
		t.Errorf("opened twice: %v, %d bytes pinned", errno, l.pinned)
	}
	// Evicted, it is still there for as long as it is open.
	l.cache.remove(x.Key())
	if again, errno := open(1); errno != 0 || again != real {
		t.Errorf("evicted while it is open: %v", errno)
	}
	for range 3 {
		l.release(x.Key(), real)
	}
	l.release(x.Key(), standIn)
	if l.pinned != 0 {
		t.Errorf("%d bytes are pinned when nothing is open", l.pinned)
	}
	// Made anew with the same bytes, it needs no new generation.
	l.cache.remove(x.Key())
	l.textures[x.Key()].whole = weak.Pointer[content]{}
	l.opts.Deadline = time.Hour
	if anew, errno := open(1); errno != 0 || anew == real || anew.sum != real.sum {
		t.Errorf("made anew: %v", errno)
	}
}

func TestCache(t *testing.T) {
	now := time.Unix(1000, 0)
	sized := func(n int, final bool) *content {
		return &content{data: make([]byte, n-256), final: final}
	}
	key := func(i int) tiles.Key { return tex(named(i)).Key() }
	c := newCache(1000)
	a, b := sized(400, true), sized(400, false)
	c.put(key(0), a, now, time.Minute)
	c.put(key(1), b, now, time.Minute)
	if c.get(key(0), now) != a || c.get(key(1), now) != b || c.bytes != 800 {
		t.Errorf("two that fit: %d bytes", c.bytes)
	}
	c.get(key(0), now)
	d := sized(400, true)
	c.put(key(2), d, now, time.Minute)
	if c.get(key(1), now) != nil || c.get(key(0), now) != a || c.bytes != 800 {
		t.Errorf("the least recently used is still there: %d bytes", c.bytes)
	}
	c.put(key(0), b, now, time.Minute)
	if c.get(key(0), now) != a {
		t.Error("what is final gave way to what is not")
	}
	huge := sized(5000, true)
	c.put(key(3), huge, now, time.Minute)
	if c.get(key(3), now) != huge || c.bytes != 5000 || c.kept.Len() != 1 {
		t.Errorf("larger than all: %d bytes in %d", c.bytes, c.kept.Len())
	}
	c.put(key(4), b, now, time.Minute)
	if c.get(key(4), now.Add(59*time.Second)) != b {
		t.Error("forgotten before its time")
	}
	if c.get(key(4), now.Add(61*time.Second)) != nil || c.bytes != 0 || c.kept.Len() != 0 {
		t.Errorf("kept beyond its time: %d bytes", c.bytes)
	}
}

// The cache stays within its bytes whatever is put and taken, by any number at once.
func TestCacheUnderLoad(t *testing.T) {
	l, _, release := testLive(t, 4)
	close(release)
	l.opts.MemoryCache = 3 * LiveLayout().Size()
	l.cache.limit = l.opts.MemoryCache
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 12 {
				x := tex(named((g + i) % 6))
				c, _, errno := l.open(t.Context(), x, 0)
				if errno != 0 || !bytes.Equal(c.data[:500], made(x)[:500]) {
					t.Errorf("%v: %v", x, errno)
					continue
				}
				l.release(x.Key(), c)
			}
		})
	}
	wg.Wait()
	if l.cache.bytes > l.opts.MemoryCache || l.pinned != 0 {
		t.Errorf("%d bytes cached of %d, %d pinned", l.cache.bytes, l.opts.MemoryCache, l.pinned)
	}
	if l.cache.evicted == 0 {
		t.Error("what gave way was not counted")
	}
}

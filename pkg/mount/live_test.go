//go:build linux

package mount

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestLiveTextures(t *testing.T) {
	mounttest.NeedFUSE(t)
	var a fakeArchive
	archived := a.add("160_320_BI16", small)
	dir := t.TempDir()
	o := Options{Archives: []Archive{&a}, Live: LiveScenery, Generator: healthy(),
		Wanted: func(k tiles.Key) bool { return k.Row < 1600 }}
	f := mountAt(t, dir, o)
	mounttest.Run(t, mounttest.Tree{
		Dir: f.mountpoint,
		Files: []mounttest.File{
			{Path: "textures/160_320_BI16.dds", Content: archived},
			{Path: "textures/160_336_BI16.dds", Content: made(tex("160_336_BI16")), Unlisted: true},
			{Path: "textures/160_336_Go216.dds", Content: made(tex("160_336_Go216")),
				Unlisted: true},
		},
		Absent: []string{
			"textures/1600_336_BI16.dds", "textures/160_337_BI16.dds", "textures/160_336_ZL16.dds",
			"textures/160_336_BI16.ktx2",
			"textures/160_336_BI16", "textures/160_336_BI16.png", "160_336_BI16.dds",
		},
		Remount: func(t *testing.T) {
			if err := f.Unmount(t.Context()); err != nil {
				t.Fatalf("Unmount: %v", err)
			}
			f = mountAt(t, dir, o)
		},
	})
}

// However many open a texture at once, in whatever spelling, it is made once.
func TestCoalescing(t *testing.T) {
	release := make(chan struct{})
	g := &fakeGenerator{answer: func(_ context.Context, t tiles.Texture) ([]byte, bool, error) {
		<-release
		return made(t), true, nil
	}}
	f := mountTemp(t, liveAny(g))
	const openers = 20
	spellings := []string{"160_320_BI16.dds", "160-320-BI16.dds", "160_320_bi16.DDS"}
	var wg sync.WaitGroup
	want := sha256.Sum256(made(tex("160_320_BI16")))
	for i := range openers {
		r := mounttest.NewReader(t)
		wg.Go(func() {
			if got, errno := r.HashFile(f.textures(spellings[i%len(spellings)])); errno != 0 ||
				got != want {
				t.Errorf("opener %d: other bytes than were made, %v", i, errno)
			}
		})
	}
	patience.Until(t, "all wait", func() bool { return f.Stats().Waiting == openers })
	close(release)
	wg.Wait()
	if n := g.calls.Load(); n != 1 {
		t.Errorf("made %d times, want once", n)
	}
	if s := f.Stats(); s.Made != 1 || s.StandIns != 0 || s.Live.Opens != openers {
		t.Errorf("stats: %+v", s)
	}
}

// One texture behind a provider that never answers does not keep anybody from reading others,
// archived or live.
func TestStuckTextureDisturbsNobody(t *testing.T) {
	var a fakeArchive
	full := sha256.Sum256(a.add("160_320_BI16", LiveLayout()))
	g := &fakeGenerator{answer: func(ctx context.Context, x tiles.Texture) ([]byte, bool, error) {
		if x.Row == 0 {
			<-ctx.Done()
			return nil, false, ctx.Err()
		}
		return made(x), true, nil
	}}
	o := liveAny(g)
	o.Archives, o.Deadline, o.GenerateTimeout = []Archive{&a}, time.Hour, time.Hour
	f := mountTemp(t, o)

	victim := mounttest.NewReader(t)
	answered := make(chan [sha256.Size]byte)
	go func() {
		got, _ := victim.HashFile(f.textures("0_16_BI16.dds"))
		answered <- got
	}()
	patience.Until(t, "one waits", func() bool { return f.Stats().Waiting == 1 })

	var wg sync.WaitGroup
	for i := range 16 {
		r := mounttest.NewReader(t)
		wg.Go(func() {
			if got, errno := r.HashFile(f.textures("160_320_BI16.dds")); errno != 0 || got != full {
				t.Errorf("reader %d, archived: %v", i, errno)
			}
			name := named(1000 + i%4)
			if got, errno := r.HashFile(f.textures(name)); errno != 0 ||
				got != sha256.Sum256(made(tex(name))) {
				t.Errorf("reader %d, live: %v", i, errno)
			}
			if _, _, errno := r.List(f.textures("")); errno != 0 {
				t.Errorf("reader %d, list: %v", i, errno)
			}
		})
	}
	wg.Wait()
	select {
	case <-answered:
		t.Fatal("the stuck texture was answered before its deadline")
	default:
	}

	// Unmounting answers whoever waits, in full length.
	unmounted := make(chan error)
	go func() { unmounted <- f.Unmount(t.Context()) }()
	if got := <-answered; got != sha256.Sum256(grounded(LiveLayout())) {
		t.Error("the stuck texture: not ground colour in full length")
	}
	victim.Close()
	if err := <-unmounted; err != nil {
		t.Errorf("Unmount: %v", err)
	}
}

// At the deadline a stand-in answers, in full length; the making goes on, and whoever opens the
// name then gets the real one. The open file keeps what it had.
func TestDeadline(t *testing.T) {
	release := make(chan struct{})
	g := &fakeGenerator{answer: func(_ context.Context, t tiles.Texture) ([]byte, bool, error) {
		<-release
		return made(t), true, nil
	}}
	o := liveAny(g)
	o.Deadline = 20 * time.Millisecond // nothing is made before it is released
	f := mountTemp(t, o)
	r := mounttest.NewReader(t)
	path := f.textures("160_320_BI16.dds")
	standIn, real := sha256.Sum256(grounded(LiveLayout())), sha256.Sum256(made(tex("160_320_BI16")))

	before, errno := r.Stat(path)
	if errno != 0 {
		t.Fatal(errno)
	}
	early, errno := r.Open(path)
	if errno != 0 {
		t.Fatalf("open: %v", errno)
	}
	if got, errno := r.Hash(early); errno != 0 || got != standIn {
		t.Errorf("at the deadline: not ground colour in full length, %v", errno)
	}
	again, errno := r.Open(path) // still being made: it joins
	if got, _ := r.Hash(again); errno != 0 || got != standIn {
		t.Errorf("second open at the deadline: not ground colour, %v", errno)
	}
	close(release)
	patience.Until(t, "it is made", func() bool { return f.Stats().Made == 1 })

	late, errno := r.Open(path)
	if errno != 0 {
		t.Fatalf("open: %v", errno)
	}
	for range 2 {
		for _, shared := range []bool{false, true} {
			if got, errno := r.Map(late, shared); errno != 0 || got != real {
				t.Errorf("opened after it was made, mapped: not what was made, %v", errno)
			}
			if got, errno := r.Map(early, shared); errno != 0 || got != standIn {
				t.Errorf("opened before it was made, mapped: its bytes have changed, %v", errno)
			}
		}
		if got, errno := r.Hash(late); errno != 0 || got != real {
			t.Errorf("opened after it was made: not what was made, %v", errno)
		}
		if got, errno := r.Hash(early); errno != 0 || got != standIn {
			t.Errorf("opened before it was made: its bytes have changed, %v", errno)
		}
	}
	if after, _ := r.Stat(path); after != before {
		t.Errorf("stat has changed: %+v, was %+v", after, before)
	}
	if n := g.calls.Load(); n != 1 {
		t.Errorf("made %d times, want once", n)
	}
}

// What a generator cannot make, or makes wrongly, is ground colour at once.
func TestGeneratorFailures(t *testing.T) {
	answers := map[string]func(ctx context.Context, t tiles.Texture) ([]byte, bool, error){
		"error": func(context.Context, tiles.Texture) ([]byte, bool, error) {
			return nil, false, errProvider
		},
		"file and error": func(_ context.Context, t tiles.Texture) ([]byte, bool, error) {
			return made(t), true, errProvider
		},
		"nothing": func(context.Context, tiles.Texture) ([]byte, bool, error) {
			return nil, true, nil
		},
		"short": func(_ context.Context, t tiles.Texture) ([]byte, bool, error) {
			return made(t)[:1000], true, nil
		},
		"smaller texture": func(context.Context, tiles.Texture) ([]byte, bool, error) {
			return noise(small, ""), true, nil
		},
		"other format": func(context.Context, tiles.Texture) ([]byte, bool, error) {
			return noise(dds.Layout{Format: dds.BC3, Side: 2048}, ""), true, nil
		},
		"panic": func(context.Context, tiles.Texture) ([]byte, bool, error) { panic("bug") },
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			g := &fakeGenerator{answer: answer}
			o := liveAny(g)
			o.Deadline = time.Hour
			f := mountTemp(t, o)
			r := mounttest.NewReader(t)
			for range 2 {
				if got, errno := r.HashFile(f.textures("160_320_BI16.dds")); errno != 0 ||
					got != sha256.Sum256(grounded(LiveLayout())) {
					t.Errorf("not ground colour in full length, %v", errno)
				}
			}
			if s := f.Stats(); s.Failed < 1 || s.Made != 0 {
				t.Errorf("stats: %+v", s)
			}
		})
	}
}

// A texture with holes is served, asked for again later, and replaced by a whole one.
func TestHolesAreNotFinal(t *testing.T) {
	holes := noise(LiveLayout(), "with holes")
	g := &fakeGenerator{}
	g.answer = func(_ context.Context, t tiles.Texture) ([]byte, bool, error) {
		if g.calls.Load() == 1 {
			return holes, false, nil
		}
		return made(t), true, nil
	}
	f := mountTemp(t, liveAny(g))
	r := mounttest.NewReader(t)
	path := f.textures("160_320_BI16.dds")
	for range 2 {
		if got, errno := r.HashFile(path); errno != 0 || got != sha256.Sum256(holes) {
			t.Fatalf("not the texture with holes, %v", errno)
		}
	}
	if n := g.calls.Load(); n != 1 {
		t.Errorf("made %d times at once, want once", n)
	}
	expire(f, tex("160_320_BI16"))
	if got, errno := r.HashFile(path); errno != 0 ||
		got != sha256.Sum256(made(tex("160_320_BI16"))) {
		t.Errorf("once it was forgotten: not the whole texture, %v", errno)
	}
	expire(f, tex("160_320_BI16"))
	if got, errno := r.HashFile(path); errno != 0 ||
		got != sha256.Sum256(made(tex("160_320_BI16"))) || g.calls.Load() != 2 {
		t.Errorf("a whole texture is not kept: made %d times, %v", g.calls.Load(), errno)
	}
}

// expire makes what is kept of x for a while only look a day older.
func expire(f *FS, x tiles.Texture) {
	f.live.mu.Lock()
	defer f.live.mu.Unlock()
	if c, ok := f.live.cache.kept.Peek(x.Key()); ok && !c.until.IsZero() {
		c.until = c.until.Add(-24 * time.Hour)
	}
}

// A killed opener is gone at once, and so is the making that nobody waits for any more.
func TestKilledOpener(t *testing.T) {
	ended := make(chan error, 1)
	began := make(chan bool, 1)
	g := &fakeGenerator{answer: func(ctx context.Context, _ tiles.Texture) ([]byte, bool, error) {
		began <- true
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return nil, false, ctx.Err()
	}}
	o := liveAny(g)
	o.Deadline, o.GenerateTimeout = time.Hour, time.Hour
	f := mountTemp(t, o)
	r := mounttest.NewReader(t)
	go r.TryOpen(f.textures("160_320_BI16.dds"))
	<-began
	r.Kill() // returns when the process is gone: a stuck one would never be
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the making ended with %v, want it cancelled", err)
	}
	patience.Until(t, "nobody waits",
		func() bool { s := f.Stats(); return s.Waiting == 0 && s.Making == 0 })
	if s := f.Stats(); s.Cancelled != 1 || s.Failed != 0 || s.StandIns != 0 {
		t.Errorf("stats: %+v", s)
	}
}

// A killed opener does not take the texture from others who wait for it.
func TestKilledOpenerAmongOthers(t *testing.T) {
	release := make(chan struct{})
	g := &fakeGenerator{answer: func(ctx context.Context, t tiles.Texture) ([]byte, bool, error) {
		select {
		case <-release:
			return made(t), true, nil
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}}
	o := liveAny(g)
	o.Deadline = time.Hour
	f := mountTemp(t, o)
	path := f.textures("160_320_BI16.dds")
	killed, other := mounttest.NewReader(t), mounttest.NewReader(t)
	go killed.TryOpen(path)
	got := make(chan [sha256.Size]byte)
	go func() {
		sum, _ := other.HashFile(path)
		got <- sum
	}()
	patience.Until(t, "both wait", func() bool { return f.Stats().Waiting == 2 })
	killed.Kill()
	patience.Until(t, "one waits", func() bool { return f.Stats().Waiting == 1 })
	close(release)
	if sum := <-got; sum != sha256.Sum256(made(tex("160_320_BI16"))) {
		t.Error("the other did not get the texture")
	}
}

// Signals that do not kill, which timers and profilers send all the time, do not end the wait.
func TestSignalsDoNotInterrupt(t *testing.T) {
	release := make(chan struct{})
	g := &fakeGenerator{answer: func(_ context.Context, t tiles.Texture) ([]byte, bool, error) {
		<-release
		return made(t), true, nil
	}}
	o := liveAny(g)
	o.Deadline = time.Hour
	f := mountTemp(t, o)
	r := mounttest.NewReader(t)
	type result struct {
		file  int
		errno syscall.Errno
	}
	opened := make(chan result)
	go func() {
		file, errno := r.OpenSignalled(f.textures("160_320_BI16.dds"), 5*time.Millisecond)
		opened <- result{file, errno}
	}()
	patience.Until(t, "it waits", func() bool { return f.Stats().Waiting == 1 })
	time.Sleep(5 * pollInterval) // for signals to arrive, and the caller to be looked at
	select {
	case got := <-opened:
		t.Fatalf("a signal ended the wait: %v", got.errno)
	default:
	}
	close(release)
	got := <-opened
	if got.errno != 0 {
		t.Fatalf("open: %v", got.errno)
	}
	if sum, errno := r.Hash(got.file); errno != 0 ||
		sum != sha256.Sum256(made(tex("160_320_BI16"))) {
		t.Errorf("other bytes than were made, %v", errno)
	}
}

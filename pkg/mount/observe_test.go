//go:build linux

package mount

import (
	"context"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// heard is an Observer that remembers.
type heard struct {
	mu      sync.Mutex
	pending [Ops]int
	waiting map[tiles.Key]int // opens
	answers []Answer
}

func (h *heard) Asked(op Op, t tiles.Texture) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pending[op]++
	if op == OpOpen && t != (tiles.Texture{}) {
		h.waiting[t.Key()]++
	}
}

func (h *heard) Answered(a Answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pending[a.Op]--
	if a.Op == OpOpen && a.Texture != (tiles.Texture{}) {
		h.waiting[a.Texture.Key()]--
	}
	h.answers = append(h.answers, a)
}

// any reports whether an answer was like that.
func (h *heard) any(like func(Answer) bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.answers, like)
}

// last returns where the latest open and read of t were answered from.
func (h *heard) last(t tiles.Texture) (open, read Origin, bytes int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.answers {
		if a.Texture != t {
			continue
		}
		switch a.Op {
		case OpOpen:
			open, read, bytes = a.From, FromNowhere, 0
		case OpRead:
			read = a.From
			bytes += a.Length
		}
	}
	return open, read, bytes
}

func TestObserverHearsWhereAnswersComeFrom(t *testing.T) {
	mounttest.NeedFUSE(t)
	archive := &fakeArchive{}
	archived := tex("16_16_BI16")
	archive.add("16_16_BI16", small)
	scenery := t.TempDir()
	write(t, scenery, "terrain/16_16_BI16.ter", []byte("A\n800\nTERRAIN\n"))
	began, fail := make(chan bool), make(chan bool)
	g := &fakeGenerator{answer: func(context.Context, tiles.Texture) ([]byte, bool, error) {
		began <- true
		<-fail
		return nil, false, errProvider
	}}
	h := &heard{waiting: map[tiles.Key]int{}}
	f := mountTemp(t, Options{
		Scenery: []string{scenery}, Archives: []Archive{archive}, Observer: h,
		Live: LiveScenery, Generator: g, Wanted: func(k tiles.Key) bool { return k.Row == 32 },
	})
	r := mounttest.NewReader(t)
	readAll := func(name string) {
		t.Helper()
		if _, errno := r.HashFile(f.textures(name)); errno != 0 {
			t.Fatalf("%s: %v", name, errno)
		}
	}

	readAll("16_16_BI16.dds")
	if open, read, n := h.last(archived); open != FromArchive || read != FromArchive ||
		n != int(small.Size()) {
		t.Errorf("archived texture: open from %v, %d bytes read from %v", open, n, read)
	}
	if _, errno := r.Stat(f.textures("64_64_BI16.dds")); errno != syscall.ENOENT {
		t.Errorf("a texture nobody has: %v", errno)
	}
	if !h.any(func(a Answer) bool { return a.Missing && a.Texture == tex("64_64_BI16") }) {
		t.Error("the missing texture was not told")
	}
	if _, errno := r.HashFile(f.mountpoint + "/terrain/16_16_BI16.ter"); errno != 0 {
		t.Errorf("a real file: %v", errno)
	}
	if !h.any(func(a Answer) bool { return a.Op == OpOpen && a.From == FromReal }) {
		t.Error("the real file was not told")
	}

	// An open that waits shows while it waits, and as a stand-in afterwards.
	live := tex("32_32_BI16")
	opened := make(chan struct{})
	go func() { defer close(opened); _, _, _ = r.TryOpen(f.textures("32_32_BI16.dds")) }()
	<-began
	patience.Until(t, "the open shows as waiting", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.waiting[live.Key()] == 1 && h.pending[OpOpen] == 1
	})
	close(fail)
	<-opened
	if open, _, _ := h.last(live); open != FromFallback {
		t.Errorf("the open of what could not be made came from %v", open)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pending != [Ops]int{} {
		t.Errorf("still pending: %v", h.pending)
	}
}

func TestObserverTellsMadeFromKept(t *testing.T) {
	mounttest.NeedFUSE(t)
	h := &heard{waiting: map[tiles.Key]int{}}
	o := liveAny(healthy())
	o.Observer = h
	f := mountTemp(t, o)
	r := mounttest.NewReader(t)
	for i, want := range []Origin{FromLive, FromMemory} {
		if _, errno := r.HashFile(f.textures("32_32_BI16.dds")); errno != 0 {
			t.Fatal(errno)
		}
		if open, _, _ := h.last(tex("32_32_BI16")); open != want {
			t.Errorf("open %d from %v, want %v", i, open, want)
		}
	}
}

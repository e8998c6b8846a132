package dds

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

// picture is a chunk with edges, gradients and noise in it; every seed gives another. All its
// colours lie near one line, so that blocks of any level can come close to it.
func picture(seed uint64) *image.NRGBA {
	rng := rand.New(rand.NewPCG(seed, 7))
	img := image.NewNRGBA(image.Rect(0, 0, chunkSide, chunkSide))
	for i := 0; i < len(img.Pix); i += 4 {
		x, y := i/4%chunkSide, i/4/chunkSide
		v := (x+y*int(seed%5))/8 + rng.IntN(16)
		if (x/24+y/40)%3 == 0 {
			v = 100 - v/4
		}
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = byte(40+v), byte(60+v), byte(
			30+v*3/4), byte(255-v)
	}
	return img
}

func build(t testing.TB, l Layout, order []int, workers int) []byte {
	t.Helper()
	b, err := NewBuilder(l, nil)
	if err != nil {
		t.Fatal(err)
	}
	across := l.Side / chunkSide
	next := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			w := NewWorker()
			defer w.Close()
			for i := range next {
				if err := w.AddPixels(b, i/across, i%across, picture(uint64(i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, i := range order {
		next <- i
	}
	close(next)
	wg.Wait()
	file, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// The file depends on the pixels alone: not on the order of the chunks nor on how many workers add
// them.
func TestBuilderOrderAndWorkers(t *testing.T) {
	for _, l := range []Layout{{BC1, 1024}, {BC3, 512}} {
		n := l.Side / chunkSide * l.Side / chunkSide
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		want := build(t, l, order, 1)
		if int64(len(want)) != l.Size() {
			t.Fatalf("%v: %d bytes, want %d", l, len(want), l.Size())
		}
		rng := rand.New(rand.NewPCG(3, 4))
		for _, workers := range []int{1, 2, 5} {
			rng.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
			if got := build(t, l, order, workers); !bytes.Equal(got, want) {
				t.Errorf("%v: %d workers, other order: other bytes", l, workers)
			}
		}
	}
}

// Every level decodes to what the exact mip chain says, within the error of the blocks.
func TestBuilderLevels(t *testing.T) {
	for _, l := range []Layout{{BC1, 256}, {BC3, 256}, {BC1, 512}, {BC3, 1024}} {
		n := l.Side / chunkSide * l.Side / chunkSide
		order := make([]int, n)
		whole := image.NewNRGBA(image.Rect(0, 0, l.Side, l.Side))
		for i := range order {
			order[i] = i
			x, y := i%(l.Side/chunkSide)*chunkSide, i/(l.Side/chunkSide)*chunkSide
			src := picture(uint64(i))
			for r := range chunkSide {
				copy(whole.Pix[whole.PixOffset(x, y+r):], src.Pix[r*src.Stride:][:src.Stride])
			}
		}
		file := build(t, l, order, 2)
		if got, err := ParseHeader(file); err != nil || got != l {
			t.Fatalf("header: %v, %v", got, err)
		}
		for i, want := range exactMips(whole.Pix, l.Side) {
			off, size := l.Level(i + 1)
			img, err := Decode(l, i+1, file[off:off+size])
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for p, v := range img.Pix {
				if p%4 == 3 && l.Format == BC1 {
					if v != 255 {
						t.Fatalf("%v level %d: alpha %d", l, i+1, v)
					}
					continue
				}
				d := float64(v) - want[p]
				sum += d * d
			}
			if mse := sum / float64(len(want)); mse > 25 {
				t.Errorf("%v level %d: mean square error %.1f", l, i+1, mse)
			}
		}
	}
}

func TestBuilderFlat(t *testing.T) {
	l := Layout{BC3, 512}
	b, err := NewBuilder(l, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorker()
	defer w.Close()
	c := color.NRGBA{66, 77, 55, 200}
	for i := range 4 {
		if err := w.AddColor(b, i/2, i%2, c); err != nil {
			t.Fatal(err)
		}
	}
	file, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	first := file[HeaderSize:][:16]
	for at := HeaderSize; at < len(file); at += 16 {
		if !bytes.Equal(file[at:][:16], first) {
			t.Fatalf("block at %d differs from the first", at)
		}
	}
	img, err := Decode(l, l.Levels()-1, file[len(file)-16:])
	if err != nil {
		t.Fatal(err)
	}
	if got := img.NRGBAAt(0, 0); got != c {
		t.Errorf("colour %v, want %v", got, c)
	}
}

func TestBuilderPlaces(t *testing.T) {
	b, err := NewBuilder(Layout{BC1, 512}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorker()
	defer w.Close()
	if _, err := b.Finish(); !errors.Is(err, ErrMissingChunk) {
		t.Errorf("empty: %v", err)
	}
	for _, p := range [][2]int{{-1, 0}, {0, -1}, {2, 0}, {0, 2}} {
		if err := w.AddPixels(b, p[0], p[1], picture(0)); !errors.Is(err, ErrPlace) {
			t.Errorf("place %v: %v", p, err)
		}
	}
	for i := range 3 {
		if err := w.AddPixels(b, i/2, i%2, picture(uint64(i))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Finish(); !errors.Is(err, ErrMissingChunk) {
		t.Errorf("one missing: %v", err)
	}
	for _, img := range []*image.NRGBA{image.NewNRGBA(image.Rect(0, 0, 255, 256)),
		image.NewNRGBA(image.Rectangle{})} {
		if err := w.AddPixels(b, 1, 1, img); !errors.Is(err, ErrPixels) {
			t.Errorf("picture of %v: %v", img.Rect, err)
		}
	}
	if err := w.AddPixels(b, 0, 1, picture(9)); !errors.Is(err, ErrChunkTwice) {
		t.Errorf("twice: %v", err)
	}
	if err := w.AddPixels(b, 1, 1, picture(3)); err != nil {
		t.Fatal(err)
	}
	file, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if want := build(t, Layout{BC1, 512}, []int{0, 1, 2, 3}, 1); !bytes.Equal(file, want) {
		t.Error("the refused chunks left their mark")
	}
}

// Of several workers that race for one place one wins, and its chunk is there whole.
func TestBuilderRace(t *testing.T) {
	l := Layout{BC1, 256}
	var want [8][]byte
	for i := range want {
		b, _ := NewBuilder(l, nil)
		w := NewWorker()
		if err := w.AddPixels(b, 0, 0, picture(uint64(i))); err != nil {
			t.Fatal(err)
		}
		want[i], _ = b.Finish()
		w.Close()
	}
	b, _ := NewBuilder(l, nil)
	var errs [len(want)]error
	var wg sync.WaitGroup
	for i := range want {
		wg.Go(func() {
			w := NewWorker()
			defer w.Close()
			errs[i] = w.AddPixels(b, 0, 0, picture(uint64(i)))
		})
	}
	wg.Wait()
	file, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			if !bytes.Equal(file, want[i]) {
				t.Errorf("worker %d won, the file is another's", i)
			}
		} else if !errors.Is(err, ErrChunkTwice) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d workers won", won)
	}
}

func TestNewBuilder(t *testing.T) {
	if _, err := NewBuilder(Layout{BC1, 300}, nil); !errors.Is(err, ErrLayout) {
		t.Errorf("bad layout: %v", err)
	}
	l := Layout{BC1, 256}
	buf := make([]byte, 10, l.Size()+5)
	b, err := NewBuilder(l, buf)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorker()
	defer w.Close()
	if err := w.AddColor(b, 0, 0, color.NRGBA{}); err != nil {
		t.Fatal(err)
	}
	file, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if &file[0] != &buf[0] || int64(len(file)) != l.Size() {
		t.Errorf("the buffer was not used; %d bytes", len(file))
	}
}

// A texture being built costs its output and less than 2 MiB beside it, and a worker less than 1
// MiB.
func TestMemory(t *testing.T) {
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.TotalAlloc
	}
	l := Layout{BC1, 4096}
	img := picture(1)
	start := live()
	w := NewWorker()
	defer w.Close()
	worker := live()
	if n := worker - start; n > 1<<20 {
		t.Errorf("a worker allocates %d bytes", n)
	}
	b, err := NewBuilder(l, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 256 {
		if i == 77 {
			err = w.AddPixels(b, i/16, i%16, img)
		} else {
			err = w.AddColor(b, i/16, i%16, color.NRGBA{1, 2, 3, 255})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Finish(); err != nil {
		t.Fatal(err)
	}
	if n := live() - worker - uint64(l.Size()); n > 2<<20 {
		t.Errorf("a texture allocates %d bytes beside its output", n)
	}
}

func TestWorkerClosed(t *testing.T) {
	b, err := NewBuilder(Layout{BC1, 256}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorker()
	for range 2 {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, err = w.DecodeJPEG(nil)
	for what, err := range map[string]error{
		"AddColor":  w.AddColor(b, 0, 0, color.NRGBA{}),
		"AddPixels": w.AddPixels(b, 0, 0, picture(0)), "AddJPEG": w.AddJPEG(b, 0, 0, nil),
		"DecodeJPEG": err,
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
}

func TestQuality(t *testing.T) {
	for _, q := range []Quality{Fast, Good, Best} {
		if got, err := ParseQuality(q.String()); err != nil || got != q {
			t.Errorf("%v: %v, %v", q, got, err)
		}
	}
	if _, err := ParseQuality("finest"); !errors.Is(err, ErrQuality) {
		t.Errorf("unknown word: %v", err)
	}
}

package trace

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestMain(m *testing.M) { patience.Main(m) }

const fullSize = 11_184_952 // of a BC1 texture at 4096

func texture(i int) tiles.Texture {
	return tiles.Texture{Row: 16 * uint32(i/1000), Col: 16 * uint32(i%1000), ZL: 16, Maptype: "BI"}
}

// flight is events of every kind, out of order as answers are.
func flight(n int) []Event {
	events := make([]Event, 0, n)
	for i := range n {
		e := Event{Op: OpRead, Source: Source(i % 6), Texture: texture(i / 4), Size: fullSize,
			Start: time.Duration(i*700-(i%3)*2000+5000) * time.Microsecond,
			Took:  time.Duration(i%900) * time.Microsecond, Offset: int64(
				i) * 4096 % fullSize, Length: int64(1 + i%131072)}
		switch i % 4 {
		case 0:
			e.Op, e.Offset, e.Length = OpOpen, 0, 0
		case 3:
			if i%16 == 3 {
				e.Op, e.Offset, e.Length, e.Size, e.Texture = OpMissing, 0, 0, 0, texture(500_000+i)
			}
		}
		events = append(events, e)
	}
	return events
}

func encoded(t testing.TB, events []Event) []byte {
	t.Helper()
	var b bytes.Buffer
	e, err := NewEncoder(&b, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range events {
		if err := e.Encode(ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decoded(t testing.TB, file []byte) ([]Event, error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), "test")
	if err != nil {
		return nil, err
	}
	return slices.Collect(r.Events()), r.Err()
}

func TestEventsComeBack(t *testing.T) {
	n := 200_000 // several blocks
	if testing.Short() {
		n = 20_000
	}
	want := flight(n)
	file := encoded(t, want)
	got, err := decoded(t, file)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("event %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	t.Logf("%.1f bytes an event", float64(len(file))/float64(len(want)))
}

// Whatever of a trace is there is read: all whole blocks, and no more.
func TestCutShort(t *testing.T) {
	events := flight(300)
	var file []byte
	var ends []int // of blocks
	var b bytes.Buffer
	e, err := NewEncoder(&b, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	for i, ev := range events {
		if err := e.Encode(ev); err != nil {
			t.Fatal(err)
		}
		if i%100 == 99 {
			if err := e.Flush(); err != nil {
				t.Fatal(err)
			}
			ends = append(ends, b.Len())
		}
	}
	file = b.Bytes()
	step := 1
	if testing.Short() {
		step = 13
	}
	for n := headerSize; n <= len(file); n += step {
		got, err := decoded(t, file[:n])
		whole := 0
		for _, end := range ends {
			if end <= n {
				whole += 100
			}
		}
		proper := n == headerSize || slices.Contains(ends, n)
		if len(got) != whole || proper != (err == nil) || !proper && !errors.Is(err, ErrCut) {
			t.Fatalf("cut at %d: %d events, %v; want %d", n, len(got), err, whole)
		}
	}
	for n := range headerSize {
		if _, err := decoded(t, file[:n]); !errors.Is(err, ErrFormat) && !errors.Is(err, ErrCut) {
			t.Errorf("cut in the header at %d: %v", n, err)
		}
	}
	// A flipped bit spoils its block.
	file[ends[0]+20] ^= 4
	if got, err := decoded(t, file); len(got) != 100 || !errors.Is(err, ErrCut) ||
		!strings.Contains(err.Error(), "at byte") {
		t.Errorf("damaged in the second block: %d events, %v", len(got), err)
	}
}

func TestOtherFiles(t *testing.T) {
	file := encoded(t, flight(10))
	file[len(magic)] = 2
	if _, err := decoded(t, file); !errors.Is(err, ErrVersion) ||
		!strings.Contains(err.Error(), "want 1") {
		t.Errorf("version 2: %v", err)
	}
	for _, other := range []string{"", "SQLite format 3\x00", strings.Repeat("x", 100)} {
		if _, err := decoded(t, []byte(other)); !errors.Is(err, ErrFormat) {
			t.Errorf("%.10q: %v", other, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(encoded(f, flight(40)))
	f.Add(encoded(f, nil))
	f.Fuzz(func(t *testing.T, file []byte) {
		events, _ := decoded(t, file)
		for _, e := range events { // whatever it says, it is a texture
			if _, err := tiles.ParseName(e.Texture.Name()); err != nil {
				t.Fatal(err)
			}
		}
		summarise(slices.Values(events))
	})
}

func TestWriterRecordsWhatHappens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.trace")
	w, err := Create(path, Options{Every: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	const each = 2000
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range each {
				w.Record(Event{Op: OpOpen, Source: Archive, Texture: texture(g*each + i),
					Size: fullSize, Start: w.Since(time.Now())})
			}
		})
	}
	wg.Wait()
	if dropped, err := w.Close(); dropped != 0 || err != nil {
		t.Fatalf("%d dropped, %v", dropped, err)
	}
	w.Record(Event{}) // after the end: nothing
	if _, err := w.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if _, err := Create(path, Options{}); !errors.Is(err, os.ErrExist) {
		t.Errorf("another flight's trace: %v, want that it exists", err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	seen := make(map[tiles.Texture]bool)
	for e := range r.Events() {
		seen[e.Texture] = true
	}
	if r.Err() != nil || len(seen) != 4*each {
		t.Errorf("%d textures, %v; want %d", len(seen), r.Err(), 4*each)
	}
}

// disk is a file on a disk that fills up, or that stands still until it is let go on.
type disk struct {
	bytes.Buffer
	room    int
	stand   chan struct{} // nil: it does not
	entered chan struct{}
	cut     int64
}

func (d *disk) Name() string { return "disk" }
func (d *disk) Close() error { return nil }
func (d *disk) Truncate(n int64) error {
	d.cut = n
	d.Buffer.Truncate(int(n))
	return nil
}

func (d *disk) Write(p []byte) (int, error) {
	if d.stand != nil && d.Len() > 0 {
		select {
		case d.entered <- struct{}{}:
		default:
		}
		<-d.stand
	}
	n := min(len(p), d.room-d.Len())
	d.Buffer.Write(p[:n])
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

var _ io.Writer = (*disk)(nil)

// A full disk ends the trace, once and for all, and what is there stays good.
func TestFullDiskEndsTheTrace(t *testing.T) {
	d := &disk{room: 3000}
	var said []error
	stopped := make(chan struct{})
	w, err := newWriter(d, Options{Every: time.Millisecond, OnError: func(err error) {
		said = append(said, err)
		close(stopped)
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		w.Record(Event{Op: OpOpen, Texture: texture(i % 100_000), Size: fullSize,
			Start: w.Since(time.Now())})
		select {
		case <-stopped:
		default:
			time.Sleep(10 * time.Microsecond)
			continue
		}
		break
	}
	w.Record(Event{Op: OpOpen, Texture: texture(1)}) // goes nowhere, quietly
	if _, err := w.Close(); !errors.Is(err, syscall.ENOSPC) || len(said) != 1 {
		t.Errorf("closed with %v after saying %v; want no space, said once", err, said)
	}
	if _, err := decoded(t, d.Bytes()); err != nil || d.cut == 0 {
		t.Errorf("what is left: %v", err)
	}
}

// A disk that stands still costs events, not time.
func TestSlowDiskDropsEvents(t *testing.T) {
	d := &disk{room: 1 << 20, stand: make(chan struct{}), entered: make(chan struct{}, 1)}
	w, err := newWriter(d, Options{Every: time.Millisecond, Buffer: 100})
	if err != nil {
		t.Fatal(err)
	}
	w.Record(Event{Op: OpOpen, Texture: texture(0)})
	<-d.entered
	for i := range 250 {
		w.Record(Event{Op: OpOpen, Texture: texture(i)})
	}
	close(d.stand)
	dropped, err := w.Close()
	if err != nil || dropped != 150 {
		t.Errorf("%d dropped, %v; want 150", dropped, err)
	}
	r, err := NewReader(bytes.NewReader(d.Bytes()), "test")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(slices.Collect(r.Events())); n != 101 || r.Lost() != 150 {
		t.Errorf("%d events and %d lost in the file, want 101 and 150", n, r.Lost())
	}
}

func BenchmarkRecord(b *testing.B) {
	w, err := Create(filepath.Join(b.TempDir(), "a.trace"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	e := Event{Op: OpRead, Source: Archive, Texture: texture(1), Size: fullSize, Length: 131072}
	for b.Loop() {
		e.Offset += 4096
		w.Record(e)
	}
	if _, err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(w.Dropped())/float64(b.N), "dropped/op")
}

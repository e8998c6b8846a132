package mbtiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// readerOf returns an archive of one texture and the file it was made of.
func readerOf(t *testing.T, l dds.Layout, o ReaderOptions) (*Archive, Entry, []byte) {
	t.Helper()
	file := halfNoise(l)
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	put(t, w, "32_16_BI12", file)
	finish(t, w)
	a, err := OpenWith(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a, lookup(t, a, "32_16_BI12"), file
}

// checkRead compares a read with what an io.ReaderAt over the file itself does.
func checkRead(t *testing.T, a *Archive, e Entry, file []byte, off int64, n int) {
	t.Helper()
	got, want := make([]byte, n), make([]byte, n)
	gotN, gotErr := a.ReadAt(t.Context(), e, got, off)
	wantN, wantErr := bytes.NewReader(file).ReadAt(want, off)
	if off+int64(n) == int64(len(file)) {
		wantErr = gotErr // either is right there, says io.ReaderAt
	}
	if gotN != wantN || gotErr != wantErr || !bytes.Equal(got, want) {
		t.Errorf("ReadAt(%d bytes, %d): %d, %v, equal %v; want %d, %v", n, off, gotN, gotErr, bytes.Equal(got, want), wantN, wantErr)
	}
}

func TestReadAtBorders(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	for _, l := range []dds.Layout{full, {Format: dds.BC3, Side: 2048}, {Format: dds.BC1, Side: 512}, small} {
		t.Run(fmt.Sprintf("%v at %d", l.Format, l.Side), func(t *testing.T) {
			a, e, file := readerOf(t, l, ReaderOptions{})
			borders := []int64{0, 1, dds.HeaderSize, l.Size()}
			for n := range l.Levels() {
				off, _ := l.Level(n)
				borders = append(borders, off)
			}
			cut := segment.CutOf(l)
			for n := range cut.Segments {
				off, _ := cut.Bounds(n)
				borders = append(borders, off)
			}
			for _, at := range borders {
				for _, n := range []int{0, 1, 16, 4096} {
					checkRead(t, a, e, file, at, n)
					checkRead(t, a, e, file, max(0, at-int64(n)), n)
					checkRead(t, a, e, file, max(0, at-int64(n)/2), n)
				}
			}
			checkRead(t, a, e, file, 0, len(file))
			checkRead(t, a, e, file, 0, len(file)+1)
			checkRead(t, a, e, file, 100, segment.Bytes*2)
			checkRead(t, a, e, file, l.Size()+5, 1)
		})
	}
}

func TestReadAtNegative(t *testing.T) {
	t.Parallel()
	a, e, _ := readerOf(t, small, ReaderOptions{})
	if n, err := a.ReadAt(t.Context(), e, make([]byte, 10), -1); err == nil || err == io.EOF || n != 0 {
		t.Errorf("read at -1: %d, %v", n, err)
	}
}

// Many goroutines read one texture at random through caches of every size, the smallest of which
// throws out what is being read.
func TestReadAtConcurrent(t *testing.T) {
	t.Parallel()
	for _, limit := range []int64{-1, 1, 3 * segment.Bytes, 1 << 30} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			a, e, file := readerOf(t, dds.Layout{Format: dds.BC1, Side: 1024}, ReaderOptions{CacheBytes: limit, Readers: 2})
			var wg sync.WaitGroup
			for seed := range uint64(4) {
				wg.Go(func() {
					rng := rand.New(rand.NewPCG(seed, uint64(limit)))
					for range 30 {
						checkRead(t, a, e, file, rng.Int64N(int64(len(file))), rng.IntN(600<<10))
					}
				})
			}
			wg.Wait()
			if held := a.reader.Decoded.Size(); held > max(0, limit) {
				t.Errorf("the cache holds %d bytes, limit %d", held, limit)
			}
		})
	}
}

func TestReadCancelled(t *testing.T) {
	t.Parallel()
	a, e, _ := readerOf(t, small, ReaderOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.ReadAt(ctx, e, make([]byte, 500), 200); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if n, err := a.ReadAt(t.Context(), e, make([]byte, 500), 200); n != 500 || err != nil {
		t.Errorf("the next read: %d, %v", n, err)
	}
}

func TestReadClosed(t *testing.T) {
	t.Parallel()
	a, e, _ := readerOf(t, small, ReaderOptions{})
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := a.ReadAt(t.Context(), e, make([]byte, 500), 200); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want %v", err, ErrClosed)
	}
	if err := a.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// What is queued is bounded: a Put waits for room, and gives up with its context.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	content := encode(t, None, ddsFile(full, 1))
	w, err := Create(t.Context(), path, WriterOptions{QueueBytes: content.Bytes() + content.Bytes()/2})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	busy, release := make(chan struct{}), make(chan struct{})
	err = w.enqueue(t.Context(), job{do: func(context.Context) error { close(busy); <-release; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	<-busy
	first, second := Record{Texture: texture(t, "32_16_BI12")}, Record{Texture: texture(t, "48_16_BI12")}
	if err := w.Put(t.Context(), first, content); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := w.Put(ctx, second, content); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a Put beyond the bound: %v", err)
	}
	close(release)
	if _, ok := w.Has(second.Key()); ok {
		t.Error("the archive claims to have what was never queued")
	}
	if err := w.Put(t.Context(), second, content); err != nil {
		t.Error(err)
	}
}

// A content larger than the whole queue still goes through.
func TestQueueSmallerThanContent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w, err := Create(t.Context(), path, WriterOptions{QueueBytes: 1, CommitBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for i := range 3 {
		put(t, w, fmt.Sprintf("%d_16_BI12", 16*i), ddsFile(full, uint64(i)))
	}
	finish(t, w)
	mustVerify(t, openAt(t, path))
}

// A transaction ends after CommitEvery though nothing else happens.
func TestCommitEvery(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w, err := Create(t.Context(), path, WriterOptions{CommitEvery: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for round := range 3 {
		put(t, w, fmt.Sprintf("%d_16_BI12", 16*round), ddsFile(small, uint64(round)))
		for sqlNumber(t, path+partSuffix, "SELECT count(*) FROM textures") != int64(round+1) {
			if err := t.Context().Err(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

func TestPutAfterClose(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	r, content := Record{Texture: texture(t, "32_16_BI12")}, encode(t, None, ddsFile(small, 1))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Put(t.Context(), r, content); !errors.Is(err, ErrClosed) {
		t.Errorf("Put: %v", err)
	}
	if err := w.Finish(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Finish: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

// Many goroutines put at once, some of them the same textures, while others ask.
func TestPutConcurrent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w, err := Create(t.Context(), path, WriterOptions{QueueBytes: 200 << 10, CommitBytes: 300 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 20 {
				name := fmt.Sprintf("%d_%d_BI12", 16*(i%10), 16*(g%2))
				put(t, w, name, ddsFile(small, uint64(i)))
				if _, ok := w.Has(texture(t, name).Key()); !ok {
					t.Errorf("%s was put and is not there", name)
				}
			}
		})
	}
	wg.Wait()
	finish(t, w)
	a := openAt(t, path)
	mustVerify(t, a)
	if a.Len() != 20 {
		t.Errorf("%d textures, want 20", a.Len())
	}
}

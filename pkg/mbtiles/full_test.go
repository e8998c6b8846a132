//go:build linux

package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xelpack/xelpack/pkg/dds"
)

// putUntilFull puts textures until one is refused, and says what Put, Finish and Close then say.
func putUntilFull(ctx context.Context, w *Writer) (putErr, finishErr, closeErr error) {
	enc := NewEncoder(None)
	for i := 0; putErr == nil && i < 1000; i++ {
		content, err := enc.Encode(ddsFile(dds.Layout{Format: dds.BC1, Side: 1024}, uint64(i)))
		if err != nil {
			return err, nil, nil
		}
		putErr = w.Put(ctx, Record{Texture: mustParse(fmt.Sprintf("%d_16_BI16", 16*i))}, content)
	}
	return putErr, w.Finish(ctx, nil), w.Close()
}

// checkFull wants the error of a full disk from all of Put, Finish and Close.
func checkFull(putErr, finishErr, closeErr error) error {
	for what, err := range map[string]error{"Put": putErr, "Finish": finishErr, "Close": closeErr} {
		if !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "a.mbtiles") {
			return fmt.Errorf("%s: %v, want %v and the file's name", what, err, ErrFull)
		}
	}
	return nil
}

// limitedBuild runs in a child whose files may not grow beyond 12 MB.
func limitedBuild(ctx context.Context, path string) error {
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 12 << 20, Max: 12 << 20}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	w, err := Create(ctx, path, WriterOptions{CommitBytes: 2 << 20})
	if err != nil {
		return err
	}
	return checkFull(putUntilFull(ctx, w))
}

// A file that may not grow is reported as such, and what was committed before can be gone on with.
func TestFileTooLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	cmd, lines := spawn(t, "limited", path)
	for lines.Scan() {
		t.Log(lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	checkGoesOn(t, path)
}

// A full disk likewise.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	if os.Getuid() != 0 {
		t.Skip("mounting a small tmpfs takes root; TestFileTooLarge covers the rest")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("cannot mount a small tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "a.mbtiles")
	w, err := Create(t.Context(), path, WriterOptions{CommitBytes: 2 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if err := checkFull(putUntilFull(t.Context(), w)); err != nil {
		t.Error(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	checkGoesOn(t, path)
}

// checkGoesOn resumes and finishes an archive that ran out of space.
func checkGoesOn(t *testing.T, path string) {
	t.Helper()
	w := createAt(t, path)
	if _, ok := w.Has(texture(t, "0_16_BI16").Key()); !ok {
		t.Error("the first texture was not committed")
	}
	put(t, w, "0_32_BI16", ddsFile(small, 1))
	finish(t, w)
	a := openAt(t, path)
	mustVerify(t, a)
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// A disk on which not even the tables find room.
func TestDiskFullAtOnce(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("mounting a small tmpfs takes root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8k"); err != nil {
		t.Skipf("cannot mount a small tmpfs: %v", err)
	}
	defer syscall.Unmount(dir, 0)
	path := filepath.Join(dir, "a.mbtiles")
	if w, err := Create(t.Context(), path, WriterOptions{}); !errors.Is(err, ErrFull) {
		w.Close()
		t.Errorf("got %v, want %v", err, ErrFull)
	}
}

// A failed write reaches whoever waits for room.
func TestFailureWakesPut(t *testing.T) {
	t.Parallel()
	content := encode(t, None, ddsFile(full, 1))
	w, err := Create(t.Context(), filepath.Join(t.TempDir(), "a.mbtiles"), WriterOptions{QueueBytes: content.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	release := make(chan struct{})
	err = w.enqueue(t.Context(), job{bytes: content.Bytes(), do: func(context.Context) error { <-release; return syscall.ENOSPC }})
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(10*time.Millisecond, func() { close(release) })
	rec := Record{Texture: texture(t, "16_16_BI12")}
	var errs []error
	for range 3 { // the first may have got into the queue before
		errs = append(errs, w.Put(t.Context(), rec, content))
	}
	if err := errs[2]; !errors.Is(err, ErrFull) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the third Put: %v, want %v", err, ErrFull)
	}
	if err := w.flush(t.Context()); !errors.Is(err, ErrFull) {
		t.Errorf("flush: %v", err)
	}
	if _, ok := w.Has(rec.Key()); ok {
		t.Error("the archive claims what will never be written")
	}
}

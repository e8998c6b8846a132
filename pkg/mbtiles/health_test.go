package mbtiles

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/filesys"
)

func TestHealthOfWriter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w, err := Create(t.Context(), path, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	want := func(when string, text string, is error) {
		t.Helper()
		err := w.Health()
		if text == "" {
			if err != nil {
				t.Errorf("%s: %v, want it well", when, err)
			}
			return
		}
		if err == nil || !strings.Contains(err.Error(), text) || is != nil && !errors.Is(err, is) {
			t.Errorf("%s: %v, want %q", when, err, text)
		} else if strings.Contains(err.Error(), filepath.Dir(path)) {
			t.Errorf("%s: %v names the folder", when, err)
		}
	}
	want("at the beginning", "", nil)

	// As of a disk that has fallen asleep in the middle of a write.
	w.busy.Store(time.Now().Add(-1000 * time.Hour).UnixNano())
	want("at one write for long", "one write of the archive has taken the disk 1000h", nil)
	w.busy.Store(0)

	if !filesys.ReplacesOpen {
		t.Skip("no open file can be renamed here, so that it cannot be gone either")
	}
	if err := os.Rename(path+partSuffix, path+".away"); err != nil {
		t.Fatal(err)
	}
	want("the file is gone", "cannot be written", syscall.ENOENT)
	if err := os.Rename(path+".away", path+partSuffix); err != nil {
		t.Fatal(err)
	}

	// The writer may be done with it before enqueue returns, which then has its failure.
	if err := w.enqueue(t.Context(), job{do: func(context.Context) error {
		return syscall.ENOSPC
	}}); err != nil && !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	_ = w.flush(t.Context())
	want("no room", "no space left", ErrFull)
}

func TestHealthOfFinishedWriter(t *testing.T) {
	t.Parallel()
	w, err := Create(t.Context(), filepath.Join(t.TempDir(), "a.mbtiles"), WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := Record{Texture: texture(t, "16_16_BI12"), Provider: "test", Chunks: 256}
	if err := w.Put(t.Context(), r, encode(t, None, ddsFile(full, 1))); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Health(); err != nil {
		t.Errorf("finished: %v, want it well", err)
	}
}

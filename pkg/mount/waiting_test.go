//go:build linux

package mount

import (
	"context"
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// The depth of the kernel's queue is seen where its control file system is, and said to be unknown
// where it is not.
func TestKernelWaiting(t *testing.T) {
	release := make(chan struct{})
	g := &fakeGenerator{answer: func(ctx context.Context, _ tiles.Texture) ([]byte, bool, error) {
		select {
		case <-release:
		case <-ctx.Done():
		}
		return nil, false, errors.New("none here")
	}}
	f := mountTemp(t, Options{Live: LiveAny, Generator: g})
	const control = "/sys/fs/fuse/connections"
	if entries, err := os.ReadDir(control); err != nil || len(entries) == 0 {
		if n, ok := f.KernelWaiting(); ok {
			t.Errorf("%d requests wait, says nobody", n)
		}
		if err := unix.Mount("none", control, "fusectl", 0, ""); err != nil {
			t.Skipf("the kernel's queue cannot be seen: %v", err)
		}
		defer unix.Unmount(control, unix.MNT_DETACH)
	}
	reach := func(what string, is func(n int) bool) {
		t.Helper()
		patience.Until(t, what, func() bool { n, ok := f.KernelWaiting(); return ok && is(n) })
	}
	reach("at the beginning", func(n int) bool { return n == 0 })
	r := mounttest.NewReader(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _, _ = r.TryOpen(f.textures("23952_33712_BI16.dds"))
	}()
	reach("an open that waits", func(n int) bool { return n == 1 })
	close(release)
	<-done
	reach("answered", func(n int) bool { return n == 0 })
	for _, device := range []string{"", "0:unheard of"} {
		if n, ok := (&FS{device: device}).KernelWaiting(); ok {
			t.Errorf("%d requests of the mount %q wait", n, device)
		}
	}
}

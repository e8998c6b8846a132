package mount

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// Health returns nil when the mount works: it is attached at its mountpoint, it answers, and one
// texture of each archive, a different one each time, can be read. The error is in words for
// people, without paths; details are in the log.
//
// It takes as long as the kernel or the disk takes, which may be for ever, whatever ctx says: call
// it from a goroutine that nothing waits for.
func (f *FS) Health(ctx context.Context) error {
	return errors.Join(f.answers(ctx), f.readable(ctx))
}

// answers asks the mount a question that the kernel never answers from memory. A child process
// asks: a process that waits for its own mount cannot be killed, because its exit would wait for
// the answer.
func (f *FS) answers(ctx context.Context) error {
	select {
	case <-f.done:
		return errors.New("the mount has ended")
	default:
	}
	if !f.attached() {
		return errors.New("the mountpoint no longer shows this mount: it was unmounted, or " +
			"something was mounted over it")
	}
	stat, err := exec.LookPath("stat")
	if err != nil {
		return nil // no process to ask with
	}
	if err := exec.CommandContext(ctx, stat, "-f", "--", f.mountpoint).Run(); err != nil {
		f.log.Error("the mount does not answer", "error", err)
		return errors.New("the mount does not answer")
	}
	return nil
}

// readable reads a few bytes of one texture of each archive.
func (f *FS) readable(ctx context.Context) error {
	turn := int(f.looked.Add(1) - 1)
	var errs []error
	for i, a := range f.shelf.list() {
		n := a.Len()
		if a.retired || n == 0 {
			continue
		}
		e := nth(a, turn*stride%n)
		p := make([]byte, 16)
		// The last bytes of the file are in the same segment as all small mip levels.
		if err := readFull(ctx, a, e, p, e.Layout.Size()-int64(len(p))); err != nil {
			f.log.Error("an archive cannot be read", "archive", i+1, "texture", e.Texture.Name(),
				"error", err)
			errs = append(errs, fmt.Errorf("archive %d cannot be read: %s", i+1, short(err)))
		}
	}
	return errors.Join(errs...)
}

// stride is the step from one checked texture to the next: prime, so that all get their turn.
const stride = 7919

func nth(a Archive, n int) (e mbtiles.Entry) {
	for e = range a.All() {
		if n--; n < 0 {
			break
		}
	}
	return e
}

// short returns err without the paths in it.
func short(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	return "see the log"
}

package mount

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// Health returns nil when the mount can be used: it is in its place and answers, and of each
// archive a texture can be read, another one each time. The error says what is wrong in words for
// people, without paths; more is in the log.
//
// It takes as long as the kernel or the disk does, which may be for ever, whatever becomes of ctx:
// call it where nobody else has to wait for it.
func (f *FS) Health(ctx context.Context) error {
	return errors.Join(f.answers(ctx), f.readable(ctx))
}

// answers asks the mount a question that the kernel never answers from memory. Another process
// asks: one that waits for its own mount cannot be killed, since its end would have to wait for the
// answer.
func (f *FS) answers(ctx context.Context) error {
	select {
	case <-f.done:
		return errors.New("nothing is mounted any more")
	default:
	}
	if !f.attached() {
		return errors.New("the mount is gone from its place: somebody has unmounted it, or mounted something over it")
	}
	stat, err := exec.LookPath("stat")
	if err != nil {
		return nil // nobody here can ask
	}
	if err := exec.CommandContext(ctx, stat, "-f", "--", f.mountpoint).Run(); err != nil {
		f.log.Error("the mount does not answer", "error", err)
		return errors.New("the mount does not answer as it should")
	}
	return nil
}

// readable reads a few bytes of a texture of each archive.
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
			f.log.Error("an archive cannot be read", "archive", i+1, "texture", e.Texture.Name(), "error", err)
			errs = append(errs, fmt.Errorf("archive %d cannot be read: %s", i+1, short(err)))
		}
	}
	return errors.Join(errs...)
}

// stride leads from one texture that is looked at to the next: prime, so that all have their turn.
const stride = 7919

func nth(a Archive, n int) (e mbtiles.Entry) {
	for e = range a.All() {
		if n--; n < 0 {
			break
		}
	}
	return e
}

// short is err without the paths that may stand in it.
func short(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	return "the log says why"
}

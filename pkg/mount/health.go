package mount

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

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

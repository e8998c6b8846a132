package mbtiles

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/xelpack/xelpack/internal/filesys"
)

// stuckWrite is how long a transaction may take: writing 64 MiB to a slow stick takes half of it.
const stuckWrite = time.Minute

// Health returns nil while the archive can be written, or is finished. The error says what is
// wrong, without the path; it wraps ErrFull and system errors. It may wait for the disk.
func (w *Writer) Health() error {
	errAccess := filesys.Writable(w.path + partSuffix)
	since := w.busy.Load()
	w.mu.Lock() // after checking the file, which has another name once it is closed
	err, closed := w.err, w.closed
	w.mu.Unlock()
	switch {
	case errors.Is(err, ErrFull):
		return fmt.Errorf("the archive cannot be written: %w", ErrFull)
	case err != nil:
		if errno, ok := errors.AsType[syscall.Errno](err); ok {
			return fmt.Errorf("the archive cannot be written: %w", errno)
		}
		return errors.New("the archive cannot be written")
	case closed:
		return nil
	case errAccess != nil:
		return fmt.Errorf("the archive cannot be written: %w", errAccess)
	}
	if took := time.Since(time.Unix(0, since)); since != 0 && took > stuckWrite {
		return fmt.Errorf("one write of the archive has taken the disk %s so far",
			took.Round(time.Second))
	}
	return nil
}

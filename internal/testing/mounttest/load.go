package mounttest

import (
	"sync/atomic"
	"syscall"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// tailBytes is the mip levels of 512 px and less of a BC1 texture: what a simulator reads of most.
const tailBytes = 174_776

// Load reads files in another process, so many at once, whole or (tails) only the header and the small mip levels at the end. The kernel's page
// cache is dropped behind it, so that the file system answers each time. It returns the bytes read.
func (r *Reader) Load(paths []string, parallel int, tails bool) (int64, syscall.Errno) {
	r.t.Helper()
	a := r.must(request{Op: "load", Paths: paths, N: parallel, Tails: tails})
	return int64(a.N), a.Errno
}

func load(paths []string, parallel int, tails bool) (int, error) {
	var total atomic.Int64
	next := make(chan string, len(paths))
	for _, p := range paths {
		next <- p
	}
	close(next)
	var g errgroup.Group
	for range parallel {
		buf := make([]byte, 1<<20)
		g.Go(func() error {
			for path := range next {
				n, err := loadOne(path, buf, tails)
				if err != nil {
					return err
				}
				total.Add(int64(n))
			}
			return nil
		})
	}
	err := g.Wait()
	return int(total.Load()), err
}

func loadOne(path string, buf []byte, tail bool) (total int, err error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = unix.Close(fd) }()
	defer func() { _ = unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED) }()
	if tail {
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			return 0, err
		}
		head, err := unix.Pread(fd, buf[:128], 0)
		if err != nil {
			return 0, err
		}
		n, err := unix.Pread(fd, buf[:tailBytes], max(0, st.Size-tailBytes))
		return head + n, err
	}
	for {
		n, err := unix.Pread(fd, buf, int64(total))
		if err != nil || n == 0 {
			return total, err
		}
		total += n
	}
}

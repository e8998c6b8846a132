package replay

import "golang.org/x/sys/unix"

func readable(dir string) error { return unix.Access(dir, unix.R_OK) }

// open is open(2), repeated after signals: the Go runtime sends them to itself.
func open(path string) (fd int, err error) {
	for {
		if fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0); err != unix.EINTR {
			return fd, err
		}
	}
}

func pread(fd int, p []byte, off int64) (n int, err error) {
	for {
		if n, err = unix.Pread(fd, p, off); err != unix.EINTR {
			return n, err
		}
	}
}

func closeFile(fd int) error { return unix.Close(fd) }

// forget drops what the page cache holds of the file.
func forget(fd int) { _ = unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED) }

func sizeOf(fd int) (int64, error) {
	var st unix.Stat_t
	err := unix.Fstat(fd, &st)
	return st.Size, err
}

package mounttest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// perform handles a request in a Reader's process. It uses plain system calls: package os would
// retry interrupted ones.
func perform(q request) (r reply, err error) {
	switch q.Op {
	case "open":
		r.File, err = openSignalled(q.Path, q.Every)
	case "close":
		err = unix.Close(q.File)
	case "read":
		buf := make([]byte, q.N)
		r.N, err = unix.Pread(q.File, buf, q.Off)
		r.Data = buf[:max(0, r.N)]
	case "forget":
		err = unix.Fadvise(q.File, 0, 0, unix.FADV_DONTNEED)
	case "hash":
		r.Data, err = hash(q.File)
	case "at once":
		r.Data, err = hashAtOnce(q.File, q.N)
	case "map":
		r.Data, err = mapped(q.File, q.Shared)
	case "stat":
		var st unix.Stat_t
		err = unix.Lstat(q.Path, &st)
		r.Stat = Stat{Ino: st.Ino, Size: st.Size, Mode: st.Mode,
			Time: time.Unix(st.Mtim.Unix()).UTC()}
	case "list":
		r.Names, r.Inos, err = list(q.Path)
	default:
		err = change(q)
	}
	return r, err
}

// openSignalled opens path while its thread gets a signal at the given interval, unless that is 0.
// The handler does not restart system calls, so an EINTR of the file system is returned.
func openSignalled(path string, every time.Duration) (int, error) {
	if every > 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		caught := make(chan os.Signal, 1)
		signal.Notify(caught, syscall.SIGALRM)
		defer signal.Stop(caught)
		thread, stop := unix.Gettid(), make(chan struct{})
		defer close(stop)
		go func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(every):
					_ = unix.Tgkill(os.Getpid(), thread, unix.SIGALRM)
				}
			}
		}()
	}
	return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

// hash reads the whole file at fd in pieces of odd length.
func hash(fd int) ([]byte, error) {
	h := sha256.New()
	buf := make([]byte, 300_001)
	for off := int64(0); ; {
		n, err := unix.Pread(fd, buf, off)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return h.Sum(nil), nil
		}
		h.Write(buf[:n])
		off += int64(n)
	}
}

// hashAtOnce hashes the whole file at fd from n threads at once and returns their sums,
// concatenated.
func hashAtOnce(fd, n int) ([]byte, error) {
	sums := make([][]byte, n)
	var g errgroup.Group
	for i := range n {
		g.Go(func() (err error) {
			sums[i], err = hash(fd)
			return err
		})
	}
	err := g.Wait()
	return slices.Concat(sums...), err
}

// mapped hashes the file at fd through mmap.
func mapped(fd int, shared bool) ([]byte, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	how := unix.MAP_PRIVATE
	if shared {
		how = unix.MAP_SHARED
	}
	pages, err := unix.Mmap(fd, 0, int(st.Size), unix.PROT_READ, how)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Munmap(pages) }()
	sum := sha256.Sum256(pages)
	return sum[:], nil
}

// list reads a directory twice, from the start each time, and compares the two.
func list(path string) (names []string, inos []uint64, err error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = unix.Close(fd) }()
	names, inos, err = entries(fd)
	if err != nil {
		return nil, nil, err
	}
	if _, err := unix.Seek(fd, 0, unix.SEEK_SET); err != nil {
		return nil, nil, err
	}
	if again, _, err := entries(fd); err != nil || !slices.Equal(again, names) {
		return nil, nil, fmt.Errorf("mounttest: rewound, %s lists other names: %w", path, err)
	}
	return names, inos, nil
}

func entries(fd int) (names []string, inos []uint64, err error) {
	buf := make([]byte, 8<<10)
	for {
		n, err := unix.Getdents(fd, buf)
		if err != nil || n == 0 {
			return names, inos, err
		}
		// struct linux_dirent64: ino 8 bytes, offset 8, length of the record 2, type 1, name up to
		// a NUL
		for rest := buf[:n]; len(rest) > 0; {
			length := binary.NativeEndian.Uint16(rest[16:])
			name := unix.ByteSliceToString(rest[19:length])
			if name != "." && name != ".." {
				names, inos = append(names, name), append(inos, binary.NativeEndian.Uint64(rest))
			}
			rest = rest[length:]
		}
	}
}

// change tries an operation that a read-only file system must refuse.
func change(q request) error {
	switch q.Op {
	case "open for writing":
		return closed(unix.Open(q.Path, unix.O_WRONLY, 0))
	case "open for reading and writing":
		return closed(unix.Open(q.Path, unix.O_RDWR, 0))
	case "open to append":
		return closed(unix.Open(q.Path, unix.O_WRONLY|unix.O_APPEND, 0))
	case "truncate":
		return unix.Truncate(q.Path, 1)
	case "create":
		return closed(unix.Open(q.Path, unix.O_CREAT|unix.O_WRONLY, 0o666))
	case "unlink":
		return unix.Unlink(q.Path)
	case "rmdir":
		return unix.Rmdir(q.Path)
	case "mkdir":
		return unix.Mkdir(q.Path, 0o777)
	case "rename":
		return unix.Rename(q.Path, q.To)
	case "link":
		return unix.Link(q.Path, q.To)
	case "symlink":
		return unix.Symlink(q.To, q.Path)
	case "chmod":
		return unix.Chmod(q.Path, 0o777)
	case "chown":
		return unix.Chown(q.Path, 1, 1)
	case "utimes":
		return unix.Utimes(q.Path, make([]unix.Timeval, 2))
	case "setxattr":
		return unix.Setxattr(q.Path, "user.xelpack", []byte("x"), 0)
	case "mknod":
		return unix.Mknod(q.Path, unix.S_IFIFO|0o666, 0)
	default:
		return fmt.Errorf("mounttest: unknown request %q", q.Op)
	}
}

func closed(fd int, err error) error {
	if err == nil {
		_ = unix.Close(fd)
	}
	return err
}

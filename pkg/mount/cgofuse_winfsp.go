//go:build winfsp

package mount

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/winfsp/cgofuse/fuse"

	"github.com/xelpack/xelpack/pkg/mount/internal/distant"
	"github.com/xelpack/xelpack/pkg/mount/internal/mounts"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// cgoFuse is the driver through cgofuse: WinFsp on Windows, and libfuse 2 on Linux, where it is
// tested. It goes by paths; the system keeps no identities.
type cgoFuse struct {
	fuse.FileSystemBase
	*tree
	host  *fuse.FileSystemHost
	ready chan struct{} // closed when the system has the mount
	ended chan struct{} // closed when it has let go
	err   error         // why it ended before it was ready

	mu    sync.Mutex
	last  uint64 // number of an open file
	files map[uint64]openFile
	kept  map[uint64]uint64 // by inode number, the generation that the page cache may hold
}

// openFile is a file that is open.
type openFile interface {
	read(dest []byte, off int64) (n int, errno syscall.Errno)
	close()
}

func newCgoFuse(t *tree, mountpoint string, o *Options) (driver, error) {
	c := &cgoFuse{tree: t, ready: make(chan struct{}), ended: make(chan struct{}),
		files: make(map[uint64]openFile), kept: make(map[uint64]uint64)}
	c.host = fuse.NewFileSystemHost(c)
	c.host.SetCapCaseInsensitive(runtime.GOOS == "windows")
	go func() {
		defer close(c.ended)
		defer func() {
			if p := recover(); p != nil { // the library is not there
				c.err = fmt.Errorf("%w: %v", ErrNoFUSE, p)
			}
		}()
		if !c.host.Mount(mountpoint, cgoFuseOptions(o)) {
			c.err = fmt.Errorf("%w: the driver refuses the mount", ErrNoFUSE)
		}
	}()
	select {
	case <-c.ready:
		return c, nil
	case <-c.ended:
		return nil, c.err
	}
}

func cgoFuseOptions(o *Options) []string {
	list := []string{"ro", "use_ino", "default_permissions", "fsname=" + mounts.Type, "subtype=" + mounts.Type,
		fmt.Sprintf("attr_timeout=%d,entry_timeout=%d", sceneryTimeout/time.Second, sceneryTimeout/time.Second)}
	if o.AllowOther {
		list = append(list, "allow_other")
	}
	if runtime.GOOS == "windows" {
		// Without a time-out reads go through the system's cache: textures never change.
		list = []string{"uid=-1", "gid=-1", "FileInfoTimeout=-1", "FileSystemName=" + mounts.Type, "volname=" + mounts.Type}
	}
	return []string{"-o", strings.Join(list, ",")}
}

func (c *cgoFuse) serve() { <-c.ended }

// appeared tells WinFsp; libfuse remembers nothing that is not there.
func (c *cgoFuse) appeared(names []string) {
	for _, name := range names {
		c.host.Notify("/"+texturesName+"/"+name, fuse.NOTIFY_CREATE)
	}
}

// Init is called when the mount is there.
func (c *cgoFuse) Init() { close(c.ready) }

// find looks a path up.
func (c *cgoFuse) find(name string) (found, syscall.Errno) {
	dir, base := path.Split(strings.TrimPrefix(name, "/"))
	if base == "" {
		return c.folder("")
	}
	return c.lookup(strings.TrimSuffix(dir, "/"), base)
}

func (c *cgoFuse) Getattr(name string, st *fuse.Stat_t, _ uint64) int {
	a := c.asked(OpStat, tiles.Texture{}, 0)
	x, errno := c.find(name)
	a.answered(FromNowhere, errno)
	if errno != 0 {
		return answer(errno)
	}
	*st = fuse.Stat_t{Ino: x.ino, Nlink: 1, Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid()),
		Size: x.size, Blksize: blockSize, Mtim: fuse.Timespec{Sec: fixedTime}}
	switch {
	case x.info != nil:
		st.Mode, st.Size = mode(x.info.Mode()), x.info.Size()
		st.Mtim = fuse.NewTimespec(x.info.ModTime())
	case x.kind == isFolder:
		st.Mode = fuse.S_IFDIR | 0o555
	default:
		st.Mode = fuse.S_IFREG | 0o444
	}
	st.Atim, st.Ctim, st.Birthtim = st.Mtim, st.Mtim, st.Mtim
	st.Blocks = (st.Size + 511) / 512
	return 0
}

// mode is m as stat(2) has it.
func mode(m fs.FileMode) uint32 {
	kind := uint32(fuse.S_IFREG)
	switch {
	case m.IsDir():
		kind = fuse.S_IFDIR
	case m&fs.ModeSymlink != 0:
		kind = fuse.S_IFLNK
	case m&fs.ModeNamedPipe != 0:
		kind = fuse.S_IFIFO
	case m&fs.ModeSocket != 0:
		kind = fuse.S_IFSOCK
	case m&fs.ModeCharDevice != 0:
		kind = fuse.S_IFCHR
	case m&fs.ModeDevice != 0:
		kind = fuse.S_IFBLK
	}
	return kind | uint32(m.Perm())
}

func (c *cgoFuse) Opendir(string) (int, uint64) { return 0, ^uint64(0) }

func (c *cgoFuse) Readdir(name string, fill func(string, *fuse.Stat_t, int64) bool, _ int64, _ uint64) int {
	a := c.asked(OpList, tiles.Texture{}, 0)
	x, errno := c.find(name)
	if errno == 0 && x.kind != isFolder {
		errno = syscall.ENOTDIR
	}
	defer a.answered(FromNowhere, errno)
	if errno != 0 {
		return answer(errno)
	}
	for e, err := range c.list(x.path) {
		if err != nil {
			return answer(errnoOf(err))
		}
		if !fill(e.name, &fuse.Stat_t{Ino: e.ino, Mode: e.mode}, 0) {
			break
		}
	}
	return 0
}

func (c *cgoFuse) Readlink(name string) (int, string) {
	x, errno := c.find(name)
	if errno == 0 && x.info == nil {
		errno = syscall.EINVAL
	}
	if errno != 0 {
		return answer(errno), ""
	}
	target, err := os.Readlink(x.path)
	if err != nil {
		return answer(errnoOf(err)), ""
	}
	return 0, target
}

func (c *cgoFuse) Statfs(_ string, st *fuse.Statfs_t) int {
	*st = fuse.Statfs_t{Bsize: blockSize, Frsize: blockSize, Namemax: 255}
	return 0
}

// OpenEx opens a file. A name that has come to mean another one meanwhile is looked up again.
func (c *cgoFuse) OpenEx(name string, fi *fuse.FileInfo_t) int {
	if fi.Flags&(fuse.O_WRONLY|fuse.O_RDWR|fuse.O_APPEND|fuse.O_TRUNC) != 0 {
		return -fuse.EROFS
	}
	const attempts = 8
	errno := syscall.ESTALE
	for range attempts {
		var x found
		if x, errno = c.find(name); errno != 0 {
			break
		}
		var f openFile
		var keep bool
		if f, keep, errno = c.open(x); errno == syscall.ESTALE {
			continue
		}
		if errno == 0 {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.last++
			fi.Fh, c.files[c.last] = c.last, f
			fi.KeepCache = keep && c.kept[x.ino] == x.gen
			c.kept[x.ino] = x.gen
		}
		break
	}
	return answer(errno)
}

func (c *cgoFuse) open(x found) (f openFile, keep bool, errno syscall.Errno) {
	switch x.kind {
	case isFolder:
		return nil, false, syscall.EISDIR
	case isArchived:
		file, keep, errno := c.openArchived(x)
		return archivedFile{c.tree, x, file}, keep, errno
	case isLive:
		h, errno := c.openLive(context.WithoutCancel(c.ctx), x)
		if errno != 0 {
			return nil, false, errno
		}
		return liveOpen{h}, h.content.final, 0
	}
	a := c.asked(OpOpen, tiles.Texture{}, 0)
	defer func() { a.answered(FromReal, errno) }()
	if !x.info.Mode().IsRegular() {
		return nil, false, syscall.EINVAL // to open a pipe is to wait for who writes it
	}
	file, err := os.Open(x.path)
	if err != nil {
		return nil, false, errnoOf(err)
	}
	c.counts.real.opens.Add(1)
	return realFile{c.tree, file}, false, 0
}

type archivedFile struct {
	tree  *tree
	found found
	file  *distant.File
}

func (f archivedFile) read(dest []byte, off int64) (int, syscall.Errno) {
	return len(f.tree.readArchived(f.found, f.file, dest, off)), 0
}

func (f archivedFile) close() { f.file.Release(f.tree.ctx) }

type liveOpen struct{ *liveFile }

func (f liveOpen) read(dest []byte, off int64) (int, syscall.Errno) {
	return copy(dest, f.liveFile.read(dest, off)), 0
}

type realFile struct {
	tree *tree
	file *os.File
}

func (f realFile) read(dest []byte, off int64) (n int, errno syscall.Errno) {
	a := f.tree.asked(OpRead, tiles.Texture{}, 0)
	n, err := f.file.ReadAt(dest, off)
	if n == 0 && err != nil && !errors.Is(err, io.EOF) {
		errno = errnoOf(err)
	}
	f.tree.counts.real.read(n)
	a.read(FromReal, off, n, errno)
	return n, errno
}

func (f realFile) close() { _ = f.file.Close() }

func (c *cgoFuse) Read(_ string, dest []byte, off int64, fh uint64) int {
	c.mu.Lock()
	f := c.files[fh]
	c.mu.Unlock()
	if f == nil {
		return -fuse.EBADF
	}
	n, errno := f.read(dest, off)
	if errno != 0 {
		return answer(errno)
	}
	return n
}

func (c *cgoFuse) Release(_ string, fh uint64) int {
	c.mu.Lock()
	f := c.files[fh]
	delete(c.files, fh)
	c.mu.Unlock()
	if f != nil {
		f.close()
	}
	return 0
}

// answer is an errno as cgofuse wants it: Windows has no numbers of its own for these.
func answer(errno syscall.Errno) int {
	switch errno {
	case 0:
		return 0
	case syscall.ENOENT:
		return -fuse.ENOENT
	case syscall.ENOTDIR:
		return -fuse.ENOTDIR
	case syscall.EISDIR:
		return -fuse.EISDIR
	case syscall.EINVAL:
		return -fuse.EINVAL
	case syscall.EINTR:
		return -fuse.EINTR
	case syscall.EACCES, syscall.EPERM:
		return -fuse.EACCES
	}
	if runtime.GOOS == "windows" {
		return -fuse.EIO
	}
	return -int(errno)
}

// What would change something is refused, also where the system does not do so by itself.

func (*cgoFuse) CreateEx(string, uint32, *fuse.FileInfo_t) int { return -fuse.EROFS }
func (*cgoFuse) Mknod(string, uint32, uint64) int              { return -fuse.EROFS }
func (*cgoFuse) Mkdir(string, uint32) int                      { return -fuse.EROFS }
func (*cgoFuse) Unlink(string) int                             { return -fuse.EROFS }
func (*cgoFuse) Rmdir(string) int                              { return -fuse.EROFS }
func (*cgoFuse) Link(string, string) int                       { return -fuse.EROFS }
func (*cgoFuse) Symlink(string, string) int                    { return -fuse.EROFS }
func (*cgoFuse) Rename(string, string) int                     { return -fuse.EROFS }
func (*cgoFuse) Chmod(string, uint32) int                      { return -fuse.EROFS }
func (*cgoFuse) Chown(string, uint32, uint32) int              { return -fuse.EROFS }
func (*cgoFuse) Utimens(string, []fuse.Timespec) int           { return -fuse.EROFS }
func (*cgoFuse) Truncate(string, int64, uint64) int            { return -fuse.EROFS }
func (*cgoFuse) Write(string, []byte, int64, uint64) int       { return -fuse.EROFS }

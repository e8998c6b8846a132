package mounts

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/sys/mountinfo"
	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/realpath"
)

// Mounted is a mounted file system.
type Mounted struct {
	Type   string // of the file system: "fuse.xelpack"
	Device string // "0:38": unique for each FUSE mount
	ID     string // of the mount itself
}

// Ours reports whether it is a mount of an xelpack process.
func (m Mounted) Ours() bool { return m.Type == "fuse."+Type }

// Served reports whether a process serves it; a disk's driver, "fuseblk", does not count.
func (m Mounted) Served() bool { return m.Type == "fuse" || strings.HasPrefix(m.Type, "fuse.") }

// At returns the topmost mount at path. It does not ask the file system itself, which may
// not answer.
func At(path string) (top Mounted, ok bool) {
	all, err := mountinfo.GetMounts(mountinfo.SingleEntryFilter(path))
	if err != nil || len(all) == 0 {
		return top, false
	}
	m := all[len(all)-1]
	return Mounted{Type: m.FSType, Device: fmt.Sprintf("%d:%d", m.Major, m.Minor),
		ID: strconv.Itoa(m.ID)}, true
}

// List returns all xelpack mountpoints, of any process, including stale ones.
func List() (mountpoints []string, err error) {
	all, err := mountinfo.GetMounts(mountinfo.FSTypeFilter("fuse." + Type))
	for _, m := range all {
		mountpoints = append(mountpoints, m.Mountpoint)
	}
	return mountpoints, err
}

// Holders names the processes that keep the mount at path busy, as far as this process may look:
// "X-Plane (4711)".
func Holders(path string) []string {
	var found []string
	m, _ := At(path)
	processes, _ := procfs.AllProcs()
	for _, p := range processes {
		if holds(p, path, m.ID) {
			name, _ := p.Comm()
			found = append(found, fmt.Sprintf("%s (%d)", name, p.PID))
		}
	}
	return found
}

// holds reports whether the process has a file of the mount at path open or mapped, or its working
// directory below path. It reads only links and text of /proc, never what they point to.
func holds(p procfs.Proc, path, mount string) bool {
	fds, _ := p.FileDescriptors()
	for _, fd := range fds {
		name := strconv.FormatUint(uint64(fd), 10)
		target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", p.PID, name))
		if err != nil || !realpath.Inside(target, path) {
			continue
		}
		// A file of the package below the mount has the same name, and holds nothing.
		if info, err := p.FDInfo(name); err != nil || info.MntID == mount {
			return true
		}
	}
	var links []string
	for _, link := range []func() (string, error){p.Cwd, p.RootDir, p.Executable} {
		target, _ := link()
		links = append(links, target)
	}
	if slices.ContainsFunc(links, func(target string) bool { return realpath.Inside(target, path) }) {
		return true
	}
	// Not procfs, which collapses two spaces in a name into one.
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", p.PID))
	if err != nil {
		return false
	}
	defer func() { _ = maps.Close() }()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if _, file, ok := strings.Cut(lines.Text(), "/"); ok && realpath.Inside("/"+file, path) {
			return true
		}
	}
	return false
}

// askTimeout is how long a mount may take to answer: one whose process hangs never answers.
const askTimeout = 5 * time.Second

// Ask asks the file system at path a question that the kernel never answers from memory, and
// waits up to the time-out. A call that hangs is abandoned: only the mount's own process can end
// it. Of a mount whose process has ended the error is ENOTCONN.
func Ask(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	result := make(chan error, 1)
	go func() {
		var st unix.Statfs_t
		err := unix.Statfs(path, &st)
		if errors.Is(err, unix.ECONNABORTED) { // it ended after the question was put to it
			err = unix.ENOTCONN
		}
		result <- err
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

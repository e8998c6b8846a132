package mount

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/sys/mountinfo"
	"github.com/prometheus/procfs"
)

// mounted is a mounted file system.
type mounted struct {
	path, fstype string
	device       string // "0:38": unique for each FUSE mount
	id           string // of the mount itself
}

func (m mounted) ours() bool { return m.fstype == "fuse."+fsType }

// mountedAt returns the topmost mount at path. It does not ask the file system itself, which may
// not answer.
func mountedAt(path string) (top mounted, ok bool) {
	all, err := mountinfo.GetMounts(mountinfo.SingleEntryFilter(path))
	if err != nil || len(all) == 0 {
		return top, false
	}
	m := all[len(all)-1]
	return mounted{path: m.Mountpoint, fstype: m.FSType,
		device: fmt.Sprintf("%d:%d", m.Major, m.Minor), id: strconv.Itoa(m.ID)}, true
}

// List returns all xelpack mountpoints, of any process, including stale ones.
func List() (mountpoints []string, err error) {
	all, err := mountinfo.GetMounts(mountinfo.FSTypeFilter("fuse." + fsType))
	for _, m := range all {
		mountpoints = append(mountpoints, m.Mountpoint)
	}
	return mountpoints, err
}

// Answers returns nil if the mount at mountpoint answers within a few seconds. One whose process is
// dead or hangs does not.
func Answers(ctx context.Context, mountpoint string) error { return askWithin(ctx, mountpoint) }

// holders names the processes that keep the mount at path busy, as far as this process may look:
// "X-Plane (4711)".
func holders(path string) []string {
	var found []string
	m, _ := mountedAt(path)
	processes, _ := procfs.AllProcs()
	for _, p := range processes {
		if holds(p, path, m.id) {
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
		if err != nil || !inside(target, path) {
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
	if slices.ContainsFunc(links, func(target string) bool { return inside(target, path) }) {
		return true
	}
	// Not procfs, which collapses two spaces in a name into one.
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", p.PID))
	if err != nil {
		return false
	}
	defer func() { _ = maps.Close() }()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if _, file, ok := strings.Cut(lines.Text(), "/"); ok && inside("/"+file, path) {
			return true
		}
	}
	return false
}

package mount

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
	"github.com/prometheus/procfs"
)

// mounted is something that is mounted.
type mounted struct {
	path, fstype string
	device       string // "0:38": different for each mount of FUSE
}

func (m mounted) ours() bool { return m.fstype == "fuse."+fsType }

// mountedAt finds what is mounted on path, on top if there are several. The file system itself is
// not asked, since it may not answer.
func mountedAt(path string) (top mounted, ok bool) {
	all, err := mountinfo.GetMounts(mountinfo.SingleEntryFilter(path))
	if err != nil || len(all) == 0 {
		return top, false
	}
	m := all[len(all)-1]
	return mounted{path: m.Mountpoint, fstype: m.FSType, device: fmt.Sprintf("%d:%d", m.Major, m.Minor)}, true
}

// List returns where xelpack is mounted, whichever processes serve it, stale mounts included.
func List() (mountpoints []string, err error) {
	all, err := mountinfo.GetMounts(mountinfo.FSTypeFilter("fuse." + fsType))
	for _, m := range all {
		mountpoints = append(mountpoints, m.Mountpoint)
	}
	return mountpoints, err
}

// Answers returns nil if the mount at mountpoint answers within a few seconds: one whose process is
// dead or hangs does not.
func Answers(ctx context.Context, mountpoint string) error { return askWithin(ctx, mountpoint) }

// holders names the processes that keep the mount at path busy, as far as this one may look:
// "X-Plane (4711)".
func holders(path string) []string {
	var found []string
	processes, _ := procfs.AllProcs()
	for _, p := range processes {
		if holds(p, path) {
			name, _ := p.Comm()
			found = append(found, fmt.Sprintf("%s (%d)", name, p.PID))
		}
	}
	return found
}

// holds reports whether the process has anything open, mapped or entered below path. Only links and
// text of /proc are read, never what they lead to.
func holds(p procfs.Proc, path string) bool {
	links, _ := p.FileDescriptorTargets()
	for _, link := range []func() (string, error){p.Cwd, p.RootDir, p.Executable} {
		target, _ := link()
		links = append(links, target)
	}
	if slices.ContainsFunc(links, func(target string) bool { return inside(target, path) }) {
		return true
	}
	// Not procfs, which makes one space of two in a name.
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

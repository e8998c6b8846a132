package mount

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// mounted is one line of /proc/self/mountinfo.
type mounted struct {
	path, fstype string
	device       string // "0:38": different for each mount of FUSE
}

func (m mounted) ours() bool { return m.fstype == "fuse."+fsType }

// mountedAt finds what is mounted on path, on top if there are several. The file system itself is not asked, since it may not answer.
func mountedAt(path string) (top mounted, ok bool) {
	all, _ := mountinfo()
	for _, m := range all {
		if m.path == path {
			top, ok = m, true
		}
	}
	return top, ok
}

// List returns where xelpack is mounted, whichever processes serve it, stale mounts included.
func List() (mountpoints []string, err error) {
	all, err := mountinfo()
	for _, m := range all {
		if m.ours() {
			mountpoints = append(mountpoints, m.path)
		}
	}
	return mountpoints, err
}

// Answers returns nil if the mount at mountpoint answers within a few seconds: one whose process is dead or hangs does not.
func Answers(ctx context.Context, mountpoint string) error { return askWithin(ctx, mountpoint) }

// mountinfo lists what is mounted, in order.
func mountinfo() (all []mounted, err error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if m, valid := parseMountinfo(lines.Text()); valid {
			all = append(all, m)
		}
	}
	return all, lines.Err()
}

// parseMountinfo reads "36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw".
func parseMountinfo(line string) (mounted, bool) {
	before, after, ok := strings.Cut(line, " - ")
	fields, types := strings.Fields(before), strings.Fields(after)
	if !ok || len(fields) < 5 || len(types) < 1 {
		return mounted{}, false
	}
	return mounted{path: unescapeOctal(fields[4]), fstype: types[0], device: fields[2]}, true
}

// unescapeOctal undoes what the kernel does to spaces, tabs, newlines and backslashes: \040.
func unescapeOctal(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// holders names the processes that keep the mount at path busy, as far as this one may look: "X-Plane (4711)".
func holders(path string) []string {
	var found []string
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range processes {
		if !holds(dir, path) {
			continue
		}
		name, _ := os.ReadFile(dir + "/comm")
		found = append(found, fmt.Sprintf("%s (%s)", strings.TrimSpace(string(name)), filepath.Base(dir)))
	}
	return found
}

// holds reports whether the process of the /proc directory dir has anything open, mapped or entered below path. Only links and text of /proc are
// read, never what they lead to.
func holds(dir, path string) bool {
	links, _ := filepath.Glob(dir + "/fd/*")
	for _, link := range append(links, dir+"/cwd", dir+"/root", dir+"/exe") {
		if target, err := os.Readlink(link); err == nil && inside(target, path) {
			return true
		}
	}
	maps, err := os.Open(dir + "/maps")
	if err != nil {
		return false
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if _, file, ok := strings.Cut(lines.Text(), "/"); ok && inside("/"+file, path) {
			return true
		}
	}
	return false
}

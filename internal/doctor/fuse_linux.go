package doctor

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mount"
)

// FUSE checks the kernel with a trial mount, and looks for xelpack mounts that do not answer.
func FUSE(ctx context.Context) []Finding {
	findings := []Finding{trial(ctx)}
	return append(findings, mounts(ctx)...)
}

// trialPatience is how long the trial mount may take in all.
const trialPatience = 15 * time.Second

// trial mounts a folder with one file, reads that from another process, and unmounts.
func trial(ctx context.Context) Finding {
	const s = subject("FUSE")
	ctx, cancel := context.WithTimeout(ctx, trialPatience)
	defer cancel()
	dir, err := os.MkdirTemp("", "xelpack-doctor-")
	if err != nil {
		return s.failure("make the folder for temporary files (TMPDIR) writable, with free space",
			"no trial mount: %v", err)
	}
	mounted := false
	defer func() {
		if !mounted { // otherwise this process would have to answer itself
			_ = os.RemoveAll(dir)
		}
	}()
	scenery, mountpoint := filepath.Join(dir, "scenery"), filepath.Join(dir, "mnt")
	err = errors.Join(os.Mkdir(scenery, 0o700), os.Mkdir(mountpoint, 0o700),
		os.WriteFile(filepath.Join(scenery, "file"), []byte("seen"), 0o600))
	if err != nil {
		return s.failure("make the folder for temporary files (TMPDIR) writable, with free space",
			"no trial mount: %v", err)
	}
	start := time.Now()
	f, err := mount.Mount(ctx, mountpoint, mount.Options{Scenery: []string{scenery}})
	if err != nil {
		return s.failure(remedyFUSE(err), "%v", err)
	}
	// Another process must read: this one would have to answer itself.
	text, errRead := exec.CommandContext(ctx, "cat", filepath.Join(mountpoint, "file")).Output()
	passes := f.Stats().Passthrough > 0
	if err := f.Unmount(context.WithoutCancel(ctx)); err != nil {
		mounted = true
		return s.failure("end it: "+shell.Command("xelpack", "umount", "--lazy", mountpoint),
			"a trial mount could not be unmounted: %v", err)
	}
	if errRead != nil || string(text) != "seen" {
		return s.failure("see the kernel log (dmesg)",
			"a file of a trial mount could not be read: %v", errRead)
	}
	took := time.Since(start).Round(time.Millisecond)
	if !passes {
		return s.ok("kernel %s: a trial mount works (%v); real files are read through xelpack: "+
			"kernel pass-through needs Linux 6.9 and root", kernel(), took)
	}
	return s.ok("kernel %s: a trial mount works (%v), with kernel pass-through for real files",
		kernel(), took)
}

func remedyFUSE(err error) string {
	switch {
	case errors.Is(err, os.ErrPermission):
		return "let users open /dev/fuse (chmod 666 /dev/fuse), and leave fusermount3 setuid as " +
			"the package installs it"
	case errors.Is(err, mount.ErrNoFUSE):
		return "install fuse3 and load the kernel module (modprobe fuse); in a container, pass " +
			"/dev/fuse and allow mounting (--device /dev/fuse --cap-add SYS_ADMIN)"
	default:
		return "see the kernel log (dmesg); in a container, allow mounting (--cap-add SYS_ADMIN)"
	}
}

func kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Release[:])
}

// mounts checks whether every xelpack mount answers.
func mounts(ctx context.Context) (findings []Finding) {
	const s = subject("mounts")
	paths, err := mount.List()
	if err != nil {
		return []Finding{s.skipped(words.Of(err))}
	}
	for _, path := range paths {
		err := mount.Answers(ctx, path)
		if err == nil {
			// for users that the mount does not let in, the kernel has answered so far
			_, err = os.Stat(path)
		}
		if errors.Is(err, os.ErrPermission) {
			findings = append(findings,
				s.skipped(path+" belongs to another user and does not allow others"))
			continue
		}
		if err != nil {
			findings = append(findings,
				s.warning("clear it: "+shell.Command("xelpack", "umount", "--lazy", path),
					"%s does not answer: %v", path, err))
			continue
		}
		findings = append(findings, s.ok("%s answers", path))
	}
	return findings
}

package guard

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/moby/sys/mountinfo"
	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

const (
	// rootVariable names the folder for temporary files of the guarded process and its children.
	rootVariable = "XELPACK_TEST_GUARDED"
	// watchVariable makes the test binary the watching process for this folder.
	watchVariable = "XELPACK_TEST_GUARD"
)

// Start gives the test binary a temporary folder of its own and starts the watching process.
// Processes that tests start are guarded too. Call it first in TestMain. Errors are printed to
// standard error; the tests run all the same.
func Start() {
	if root := os.Getenv(watchVariable); root != "" {
		watch(root)
		os.Exit(0)
	}
	if os.Getenv(rootVariable) != "" || !strings.HasSuffix(os.Args[0], ".test") {
		return // guarded already, or playing another program
	}
	if err := start(); err != nil {
		fmt.Fprintln(os.Stderr, "guard: a killed test will leave its mounts behind:", err)
	}
}

func start() error {
	root, err := os.MkdirTemp("", "xelpack-") // short: socket names have a length limit
	if err != nil {
		return err
	}
	if err := os.Chmod(root, 0o755); err != nil { // like /tmp: some tests run as other users
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	// This end of the pipe is never closed, so it shows when this process has ended, in whatever
	// way. It is a plain descriptor, because no *os.File may close it.
	var alive [2]int
	if err := unix.Pipe2(alive[:], unix.O_CLOEXEC); err != nil {
		return os.NewSyscallError("pipe", err)
	}
	in := os.NewFile(uintptr(alive[0]), "guarded")
	defer func() { _ = in.Close() }()
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), watchVariable+"="+root)
	cmd.Stdin = in
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := cmd.Process.Release(); err != nil {
		return err
	}
	if err := os.Setenv(rootVariable, root); err != nil {
		return err
	}
	return os.Setenv("TMPDIR", root)
}

// watch waits until the guarded process has ended and cleans up.
func watch(root string) {
	signal.Ignore(unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	// nothing is written: it returns when the other end is gone
	_, _ = os.Stdin.Read(make([]byte, 1))
	// A process that waits in a mount dies when that is unmounted; others may mount again. One that
	// is being replaced by another program has no environment for a moment and is overlooked, so
	// nothing must be found several times in a row.
	for looks, none := 0, 0; looks < 100 && none < 3; looks++ {
		unmount(root)
		if none++; kill(root) > 0 {
			none = 0
		}
		time.Sleep(50 * time.Millisecond)
	}
	unmount(root)
	_ = os.RemoveAll(root) // at worst files stay in a temporary folder
}

// kill ends the processes that were started for the tests of root, and returns their number.
func kill(root string) (found int) {
	processes, _ := procfs.AllProcs()
	for _, p := range processes {
		environ, err := p.Environ()
		started := slices.ContainsFunc(environ,
			func(v string) bool { return strings.Contains(v, root) })
		if err == nil && p.PID != os.Getpid() && started {
			_ = unix.Kill(p.PID, unix.SIGKILL)
			found++
		}
	}
	return found
}

// unmount unmounts everything below root, last mounted first, by force: processes that wait there
// get an error. A process that inherited the descriptor of its own server would otherwise wait for
// itself, unkillable.
func unmount(root string) {
	mounted, _ := mountinfo.GetMounts(func(m *mountinfo.Info) (skip, stop bool) {
		return !strings.HasPrefix(m.Mountpoint, root+"/"), false
	})
	for _, m := range slices.Backward(mounted) {
		if unix.Unmount(m.Mountpoint, unix.MNT_FORCE|unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW) != nil {
			_ = exec.Command("fusermount3", "-uz", m.Mountpoint).Run()
		}
	}
}

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
	// rootVariable is the folder in which the guarded process and all that it starts keep what is
	// temporary.
	rootVariable = "XELPACK_TEST_GUARDED"
	// watchVariable makes the test binary the one that watches, over this folder.
	watchVariable = "XELPACK_TEST_GUARD"
)

// Start gives the test binary a temporary folder of its own and has it guarded. Processes that
// tests start are guarded with it. Call it first thing in TestMain. What goes wrong is said on
// standard error: the tests run all the same.
func Start() {
	if root := os.Getenv(watchVariable); root != "" {
		watch(root)
		os.Exit(0)
	}
	if os.Getenv(rootVariable) != "" || !strings.HasSuffix(os.Args[0], ".test") {
		return // guarded already, or a test binary that plays another program
	}
	if err := start(); err != nil {
		fmt.Fprintln(os.Stderr, "guard: a test that is killed will leave its mounts behind:", err)
	}
}

func start() error {
	root, err := os.MkdirTemp("", "xelpack-") // short: names of sockets are
	if err != nil {
		return err
	}
	if err := os.Chmod(root, 0o755); err != nil { // as /tmp is: some tests are other users
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	// The end that is never closed tells by its end that this process has ended, however it does. A
	// plain descriptor, since no *os.File may close it.
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

// watch waits until the guarded process has ended and removes what it has left.
func watch(root string) {
	signal.Ignore(unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	_, _ = os.Stdin.Read(make([]byte, 1)) // nobody writes: it returns when the other end is gone
	// One that waits in a mount dies when that is unmounted; whoever is left may mount again.
	for range 100 {
		unmount(root)
		left := kill(root)
		if left == 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	unmount(root)
	_ = os.RemoveAll(root) // who cannot remove it leaves files in a folder for what is temporary
}

// kill ends the processes that were started for the tests of root, and says how many there were.
func kill(root string) (found int) {
	processes, _ := procfs.AllProcs()
	for _, p := range processes {
		environ, err := p.Environ()
		started := slices.ContainsFunc(environ, func(v string) bool { return strings.Contains(v, root) })
		if err == nil && p.PID != os.Getpid() && started {
			_ = unix.Kill(p.PID, unix.SIGKILL)
			found++
		}
	}
	return found
}

// unmount takes away what is mounted below root, the last mounted first, by force: whoever waits
// there for an answer gets an error. A process that has inherited the descriptor of its own server
// would otherwise wait for itself, and not even die.
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

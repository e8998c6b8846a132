package serve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/xelpack/xelpack/pkg/mount"
)

// clearVariable names the environment variable with the mountpoint that a process is to clear.
const clearVariable = "XELPACK_CLEAR"

// ClearAfter waits for the end of the mount that started this process for that, and reports whether
// one did. A mount over a package that was killed would otherwise hide the package, and X-Plane
// forgets packages that it cannot see.
func ClearAfter(ctx context.Context) bool {
	mountpoint := os.Getenv(clearVariable)
	if mountpoint == "" {
		return false
	}
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	_, _ = os.Stdin.Read(make([]byte, 1)) // nothing is written: it returns when the mount has ended
	// Nobody is left to be told of an error. The next mount clears what this could not.
	_, _ = mount.Free(ctx, mountpoint)
	return true
}

// ClearWhenKilled starts this program again, to unmount at mountpoint when this process is killed.
// The result ends it, without effect.
func ClearWhenKilled(mountpoint string) (end func(), err error) {
	if os.Getenv(clearVariable) != "" { // it would start itself again and again
		return nil, errors.New("this program does not call ClearAfter")
	}
	in, alive, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), clearVariable+"="+mountpoint)
	cmd.Dir, cmd.Stdin = "/", in
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		_ = alive.Close()
		return nil, fmt.Errorf("start what clears the mount when this process is killed: %w", err)
	}
	return func() {
		_ = alive.Close()
		_ = cmd.Wait()
	}, nil
}

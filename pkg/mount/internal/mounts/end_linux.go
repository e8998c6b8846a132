package mounts

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/shell"
)

// Unmount tries to end a mount that is not in use.
func Unmount(path string) error {
	if os.Geteuid() == 0 {
		return os.NewSyscallError("umount", unix.Unmount(path, unix.UMOUNT_NOFOLLOW))
	}
	return runFusermount("-u", path)
}

// Detach makes a mount unreachable at once; it ends when its last file is closed.
func Detach(path string) error {
	if os.Geteuid() == 0 {
		return os.NewSyscallError("umount",
			unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW))
	}
	return runFusermount("-uz", path)
}

// DetachCommand is the command that a person types to detach a mount.
func DetachCommand(path string) string {
	return shell.Command("fusermount3", "-uz", path)
}

// fusermountPatience is how long fusermount may take: it asks the kernel, which answers at once
// unless something is badly wrong.
const fusermountPatience = 10 * time.Second

func runFusermount(flags, path string) error {
	bin, err := Fusermount()
	if err != nil {
		return err
	}
	return runPatiently(fusermountPatience, exec.Command(bin, flags, path))
}

// runPatiently runs cmd and returns its output as the error. A command that does not end in time is
// killed and not waited for: a process that hangs in the kernel does not even die.
func runPatiently(patience time.Duration, cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // keep Ctrl-C from reaching it
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = time.Second // for children that still hold its pipe
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("%s: %w", strings.TrimSpace(said.String()), err)
		}
		return nil
	case <-late.C:
		_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL) // and its children
		return fmt.Errorf("%s has not ended after %v", cmd.Path, patience)
	}
}

// Fusermount returns the program by which users other than root mount and unmount.
func Fusermount() (string, error) {
	path, err := exec.LookPath("fusermount3")
	if err != nil {
		path, err = exec.LookPath("fusermount")
	}
	return path, err
}

package mount

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"al.essio.dev/pkg/shellescape"
	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/realpath"
)

// Unmount takes the file system away: whoever waits for a live texture is answered, its making is
// cancelled, and once all files are closed and its own work is done the mount has ended and Unmount
// returns nil. It is safe to call again, and after somebody else has unmounted.
//
// When files are still open after Options.Grace, or when ctx ends, the mount is detached: nobody
// finds it any more, those who have files open keep reading them, and the error wraps ErrBusy and
// names them. Wait then returns when the last is closed. Its own work, which is a texture whose
// making does not heed its cancelling and the last writes to the disk cache, is waited for until
// ctx ends, whose error is returned.
func (f *FS) Unmount(ctx context.Context) error {
	f.live.close()
	grace := time.NewTimer(f.grace)
	defer grace.Stop()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		var busy error
		if f.attached() {
			busy = unmountOnce(f.mountpoint)
		}
		if busy == nil {
			return f.drain(ctx, grace.C)
		}
		again := time.NewTimer(pause)
		select {
		case <-again.C:
			continue
		case <-grace.C:
		case <-ctx.Done():
		}
		again.Stop()
		return f.abandon(busy)
	}
}

// attached reports whether the mount can still be found at its mountpoint, rather than nothing or
// another one.
func (f *FS) attached() bool {
	m, ok := mountedAt(f.mountpoint)
	return ok && m.device == f.device
}

// drain waits until the kernel has let go of what is unmounted, and what runs has come to its end.
func (f *FS) drain(ctx context.Context, grace <-chan time.Time) error {
	select {
	case <-f.released:
	case <-ctx.Done():
		return fmt.Errorf("unmounted %s, but files of it are open: %w", f.mountpoint, ctx.Err())
	case <-grace:
		return fmt.Errorf("%w: %s is unmounted, but files of it are open", ErrBusy, f.mountpoint)
	}
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("unmounted %s, but a texture is still being made or written: %w", f.mountpoint, ctx.Err())
	}
}

// abandon detaches a mount that is in use.
func (f *FS) abandon(cause error) error {
	by := holders(f.mountpoint) // afterwards their paths say nothing
	if err := detach(f.mountpoint); err != nil {
		return fmt.Errorf("unmount %s: %w", f.mountpoint, err)
	}
	return busy(f.mountpoint, by, cause)
}

func busy(mountpoint string, by []string, cause error) error {
	if len(by) == 0 {
		return fmt.Errorf("%w: %s: %w", ErrBusy, mountpoint, cause)
	}
	return fmt.Errorf("%w: %s is held by %s", ErrBusy, mountpoint, strings.Join(by, ", "))
}

// Unmount asks the kernel to end the xelpack mount at mountpoint, whichever process serves it; a
// stale one is cleared. The error wraps ErrNotMounted, or ErrBusy and says who has files open.
func Unmount(mountpoint string) error {
	path, err := ourMount(mountpoint)
	if err != nil {
		return err
	}
	return unmountPatiently(path, time.Sleep)
}

// unmountPatiently unmounts what nobody has open. Who looks a file up at the moment, or waits for a
// live texture's first bytes, keeps a mount busy too, but holds no file yet: that passes, and a
// little over a second is waited for it.
func unmountPatiently(path string, sleep func(time.Duration)) error {
	for pause := 5 * time.Millisecond; ; pause *= 2 {
		err := unmountOnce(path)
		if err == nil {
			return nil
		}
		if by := holders(path); len(by) > 0 || pause > time.Second {
			return fmt.Errorf("%w; close the files and try again, or detach it (%s)", busy(path, by, err), detachCommand(path))
		}
		sleep(pause)
	}
}

// Detach makes the xelpack mount at mountpoint unreachable at once, in use or not, whichever
// process serves it: who has files of it open keeps them. The error wraps ErrNotMounted where
// nothing of xelpack is mounted.
func Detach(mountpoint string) error {
	path, err := ourMount(mountpoint)
	if err != nil {
		return err
	}
	if err := detach(path); err != nil {
		return fmt.Errorf("detach %s: %w", path, err)
	}
	return nil
}

// ourMount resolves a mountpoint where something of xelpack is mounted.
func ourMount(mountpoint string) (string, error) {
	path, err := realpath.Absolute(mountpoint)
	if err != nil {
		return "", fmt.Errorf("unmount: %w", err)
	}
	if m, ok := mountedAt(path); !ok || !m.ours() {
		return "", fmt.Errorf("%w: %s", ErrNotMounted, path)
	}
	return path, nil
}

// unmountOnce tries to end a mount that nobody uses.
func unmountOnce(path string) error {
	if os.Geteuid() == 0 {
		return os.NewSyscallError("umount", unix.Unmount(path, unix.UMOUNT_NOFOLLOW))
	}
	return runFusermount("-u", path)
}

// detach makes a mount unreachable at once; it ends when its last file is closed.
func detach(path string) error {
	if os.Geteuid() == 0 {
		return os.NewSyscallError("umount", unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW))
	}
	return runFusermount("-uz", path)
}

// detachCommand is what a person types to make a mount unreachable.
func detachCommand(path string) string {
	return shellescape.QuoteCommand([]string{"fusermount3", "-uz", path})
}

// fusermountPatience is how long fusermount may take: it asks the kernel, which answers at once
// unless something is badly wrong.
const fusermountPatience = 10 * time.Second

func runFusermount(flags, path string) error {
	bin, err := fusermount()
	if err != nil {
		return err
	}
	return runPatiently(fusermountPatience, exec.Command(bin, flags, path))
}

// runPatiently runs cmd, whose words are the error's. One that has not ended by then is killed and
// not waited for: what hangs in the kernel does not even die.
func runPatiently(patience time.Duration, cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = time.Second // for whom it has started and left its pipe to
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
		_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL) // and whom it has started
		return fmt.Errorf("%s has not ended after %v", cmd.Path, patience)
	}
}

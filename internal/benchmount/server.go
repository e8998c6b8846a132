package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// server is a process that serves a mount.
type server struct {
	mountpoint string
	started    time.Duration // from the start of the process to the first answer
	cmd        *exec.Cmd
	stderr     strings.Builder
}

// serve starts a process that mounts at the folder whose place in args is left as "@", and waits for it.
func (b *bench) serve(ctx context.Context, first string, args ...string) (s *server, err error) {
	s = &server{}
	if s.mountpoint, err = os.MkdirTemp(b.dir, "mnt-"); err != nil {
		return nil, err
	}
	for i := range args {
		if args[i] == "@" {
			args[i] = s.mountpoint
		}
	}
	exe := b.binary
	s.cmd = exec.Command(exe, args...)
	if first != "" {
		s.cmd.Path, s.cmd.Args[0] = first, first
	}
	s.cmd.Stderr = &s.stderr
	s.cmd.Env = append(os.Environ(), "HOME="+b.dir, "XDG_CACHE_HOME="+filepath.Join(b.dir, "cache"))
	start := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for ctx.Err() == nil && time.Since(start) < time.Minute {
		if device(s.mountpoint) != device(b.dir) {
			s.started = time.Since(start)
			return s, nil
		}
		time.Sleep(500 * time.Microsecond)
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	return nil, errors.Join(ctx.Err(), fmt.Errorf("nothing was mounted: %s", s.stderr.String()))
}

// device is the number of the file system at path; that of a mount differs from that of its mountpoint.
func device(path string) uint64 {
	var st syscall.Stat_t
	if syscall.Stat(path, &st) != nil {
		return 0
	}
	return st.Dev
}

// stop unmounts.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	kill := time.AfterFunc(30*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer kill.Stop()
	if err := s.cmd.Wait(); err != nil && device(s.mountpoint) != device(filepath.Dir(s.mountpoint)) {
		_ = syscall.Unmount(s.mountpoint, syscall.MNT_DETACH)
		return fmt.Errorf("%s: %w: %s", s.cmd.Args[0], err, s.stderr.String())
	}
	return os.Remove(s.mountpoint)
}

// xelpack mounts an archive, with more arguments before it.
func (b *bench) xelpack(archive string, before ...string) func(context.Context) (*server, error) {
	return func(ctx context.Context) (*server, error) {
		args := append([]string{"mount"}, before...)
		return b.serve(ctx, "", append(args, archive, "@")...)
	}
}

// bare mounts the bare file system over dir.
func (b *bench) bare(dir string) func(context.Context) (*server, error) {
	return func(ctx context.Context) (*server, error) {
		exe, err := os.Executable()
		if err != nil {
			return nil, err
		}
		return b.serve(ctx, exe, roleFlag, "bare", dir, "@")
	}
}

// squashfuse mounts an image.
func (b *bench) squashfuse(image string) func(context.Context) (*server, error) {
	return func(ctx context.Context) (*server, error) {
		exe, err := exec.LookPath("squashfuse_ll")
		if err != nil {
			return nil, err
		}
		return b.serve(ctx, exe, "-f", image, "@")
	}
}

// with runs do on a fresh mount.
func with(ctx context.Context, mount func(context.Context) (*server, error), do func(*server) error) error {
	s, err := mount(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.stop())
}

// warm reads what is served, so that no disk is measured. What the kernel has of it is dropped first: it keeps what was written in pieces of the size in which
// it was written, and what it reads in larger ones, which are quicker to copy. Nobody flies in the minute after the build.
func warm(path string) error {
	return filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if err := f.Sync(); err != nil {
			return err
		}
		if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, f)
		return err
	})
}

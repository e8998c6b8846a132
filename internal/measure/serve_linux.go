package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/replay"
	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Server is a process that serves a mount: the process that reads a mount must not be the one that
// serves it.
type Server struct {
	Mountpoint string
	Started    time.Duration // from the start of the process to the first answer
	Process    *os.Process
	cmd        *exec.Cmd
	stderr     strings.Builder
}

// Serve starts a program that mounts below dir and waits until it has. The argument "@" stands for
// the mountpoint. Its caches are below dir too.
func Serve(ctx context.Context, dir, program string, args ...string) (_ *Server, err error) {
	s := &Server{}
	if s.Mountpoint, err = os.MkdirTemp(dir, "mnt-"); err != nil {
		return nil, err
	}
	args = slices.Clone(args)
	for i := range args {
		if args[i] == "@" {
			args[i] = s.Mountpoint
		}
	}
	s.cmd = exec.Command(program, args...) // ended by Stop, not by ctx: it must unmount first
	s.cmd.Stderr = &s.stderr
	s.cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CACHE_HOME="+filepath.Join(dir, "cache"))
	start := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.Process = s.cmd.Process
	for ctx.Err() == nil && time.Since(start) < time.Minute {
		if device(s.Mountpoint) != device(dir) {
			s.Started = time.Since(start)
			return s, nil
		}
		if ended(s.Process) {
			break
		}
		time.Sleep(500 * time.Microsecond)
	}
	_ = s.Process.Kill()
	return nil, errors.Join(ctx.Err(),
		fmt.Errorf("nothing was mounted: %v: %s", s.cmd.Wait(), s.stderr.String()))
}

// ended reports whether a child has ended, without reaping it.
func ended(p *os.Process) bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, p.Pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err == nil && info.Signo != 0
}

// device returns the number of the file system at path; a mount's differs from its mountpoint's.
func device(path string) uint64 {
	var st syscall.Stat_t
	if syscall.Stat(path, &st) != nil {
		return 0
	}
	return st.Dev
}

// Stop unmounts. The program's exit code counts only if it is still mounted.
func (s *Server) Stop() error {
	if err := s.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	kill := time.AfterFunc(30*time.Second, func() { _ = s.Process.Kill() })
	defer kill.Stop()
	if err := s.cmd.Wait(); err != nil &&
		device(s.Mountpoint) != device(filepath.Dir(s.Mountpoint)) {
		_ = syscall.Unmount(s.Mountpoint, syscall.MNT_DETACH)
		return fmt.Errorf("%s: %w: %s", s.cmd.Path, err, s.stderr.String())
	}
	return os.Remove(s.Mountpoint)
}

// Reading says how textures of a mount are read.
type Reading struct {
	Parallel int
	Tails    bool // only the header and the levels of 512 px and less
	Keep     bool // keep them in the kernel's page cache; otherwise the mount must answer each time
}

// Read opens and reads textures of a mount.
func (o Reading) Read(ctx context.Context, mountpoint string,
	names []tiles.Texture) (replay.Report, error) {
	var events []trace.Event
	read := func(t tiles.Texture, offset, length int64) {
		events = append(events, trace.Event{Op: trace.OpRead, Texture: t, Size: Full.Size(),
			Offset: offset, Length: length})
	}
	for _, t := range names {
		events = append(events, trace.Event{Op: trace.OpOpen, Texture: t, Size: Full.Size()})
		if o.Tails {
			read(t, 0, dds.HeaderSize)
			read(t, Full.Size()-TailBytes, TailBytes)
		} else {
			read(t, 0, Full.Size())
		}
	}
	r, err := replay.Run(ctx, slices.Values(events), mountpoint,
		replay.Options{AtOnce: o.Parallel, KeepCache: o.Keep})
	if err == nil && r.Failed+r.Missing+r.Short > 0 {
		err = fmt.Errorf("%s: reads failed: %v %v", mountpoint, r.Names, r.Errors)
	}
	return r, err
}

// Warm reads the files that are served, so that no disk is measured. It first drops them from the
// page cache: pages cached by writing are smaller than pages cached by reading, and slower to copy,
// and nobody flies in the minute after a build.
func Warm(path string) error {
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

// Package daemon runs a mount in the background: this program started again, in a session of its
// own, with a log and a PID file whose names follow from the mountpoint.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/internal/words"
)

// Options are the files of a daemon.
type Options struct {
	Log     string // its messages
	PIDFile string // file with its process number
}

// Complete sets the default files of a daemon at mountpoint.
func (o *Options) Complete(mountpoint string) error {
	for _, f := range []struct {
		path *string
		flag string
		ext  string
	}{{&o.Log, "--log", ".log"}, {&o.PIDFile, "--pid-file", ".pid"}} {
		var err error
		if *f.path == "" {
			*f.path, err = stateFile(mountpoint, f.ext)
		} else {
			*f.path, err = filepath.Abs(*f.path)
		}
		if err != nil {
			return usage.Errorf("%s is needed: %w", f.flag, err)
		}
	}
	return nil
}

// ReadyVariable names the environment variable with the descriptor on which a daemon reports that
// it is ready.
const ReadyVariable = "XELPACK_READY_FD"

// Is reports whether this process was started by Start.
func Is() bool { return os.Getenv(ReadyVariable) != "" }

// ExitStatus is the failure of a daemon that did not become ready; its messages have been printed.
type ExitStatus int

func (e ExitStatus) Error() string {
	return fmt.Sprintf("the daemon ended with exit code %d",
		int(e))
}

// maxLog is the size in bytes beyond which a log is renamed when the next daemon starts.
const maxLog = 10 << 20

// Start starts this command line again, in a session of its own so that it outlives the terminal,
// and returns once the mount is ready, or with the error. The daemon's messages until then are
// printed too.
func Start(ctx context.Context, o Options, stderr io.Writer) error {
	log, start, err := openLog(o.Log)
	if err != nil {
		return fmt.Errorf("log of the daemon: %w", err)
	}
	defer func() { _ = log.Close() }()
	ready, said, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = ready.Close() }()
	exe, err := os.Executable()
	if err != nil {
		_ = said.Close()
		return err
	}
	cmd := exec.Command(exe, os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{said} // descriptor 3
	cmd.Env = append(os.Environ(), ReadyVariable+"=3")
	cmd.SysProcAttr = ownSession()
	err = cmd.Start()
	_ = said.Close()
	if err != nil {
		return fmt.Errorf("start the daemon: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	defer stop()
	n, _ := ready.Read(make([]byte, 1)) // end of file means that the daemon has ended
	if n == 0 {
		err = cmd.Wait()
	}
	if err := copyFrom(stderr, o.Log, start); err != nil {
		words.Fprintf(stderr, "cannot show the daemon's messages: %v\n", err)
	}
	if n == 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return ExitStatus(max(exit.ExitCode(), 1))
		}
		if err != nil {
			return fmt.Errorf("wait for the daemon to be ready: %w; see %s", err, o.Log)
		}
		return fmt.Errorf("the daemon ended before it was ready; see %s", o.Log)
	}
	fmt.Fprintf(stderr, "in the background as process %d; log: %s\n", cmd.Process.Pid, o.Log)
	return cmd.Process.Release()
}

// copyFrom copies a file from an offset on.
func copyFrom(w io.Writer, path string, start int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	_, err = io.Copy(w, io.NewSectionReader(f, start, math.MaxInt64-start))
	return err
}

// openLog opens a log for appending and returns its size. A large one is renamed first.
func openLog(path string) (f *os.File, size int64, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, 0, err
	}
	if path, err = realpath.Of(path); err != nil {
		return nil, 0, err
	}
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() > maxLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, 0, err
		}
	}
	f, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// Ready reports to Start, if that waits for this process, that the mount is ready, and writes a
// daemon's PID file. cleanup must be called at the end.
func Ready(o Options) (cleanup func(), err error) {
	cleanup = func() {}
	if Is() {
		if cleanup, err = writePID(o.PIDFile); err != nil {
			return func() {}, fmt.Errorf("process number of the daemon: %w", err)
		}
		fd, err := strconv.Atoi(os.Getenv(ReadyVariable))
		if err != nil {
			return cleanup, fmt.Errorf("%s: %w", ReadyVariable, err)
		}
		f := os.NewFile(uintptr(fd), "ready")
		defer func() { _ = f.Close() }()
		if _, err := f.Write([]byte{1}); err != nil {
			return cleanup, fmt.Errorf("the process that started the daemon is gone: %w", err)
		}
	}
	return cleanup, nil
}

// NotifySystemd sends a state to the service manager, if it asked for that.
func NotifySystemd(state string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	if path[0] == '@' {
		path = "\x00" + path[1:]
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	_, err = conn.Write([]byte(state))
	return errors.Join(err, conn.Close())
}

// Await waits for the end of an unmounted mountpoint's daemon, if there is one with a PID file in
// the usual place.
func Await(ctx context.Context, mountpoint string) error {
	file, err := stateFile(mountpoint, ".pid")
	if err != nil {
		return nil
	}
	pid := readPID(file)
	end := time.Now().Add(endPatience)
	for pid != 0 && alive(pid) && readPID(file) == pid {
		if time.Now().After(end) {
			return fmt.Errorf("%s is unmounted, but its process %d has not ended", mountpoint, pid)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// endPatience is how long Await waits. A process that ends writes what its disk cache has queued;
// with every processor busy that took over ten seconds.
const endPatience = time.Minute

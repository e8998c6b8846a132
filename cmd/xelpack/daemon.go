package main

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

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/words"
)

// daemonOptions are the flags about running in the background.
type daemonOptions struct {
	Daemon  bool
	Log     string
	PIDFile string
}

func (o *daemonOptions) register(f *pflag.FlagSet) {
	f.BoolVar(&o.Daemon, "daemon", false, "go on in the background once the mount is ready; \"xelpack umount\" ends it")
	f.StringVar(&o.Log, "log", "", "with --daemon, the `FILE` for its messages (default in ~/.local/state/xelpack)")
	f.StringVar(&o.PIDFile, "pid-file", "", "with --daemon, the `FILE` for its process number (default beside the log)")
}

// complete fills in the files of a daemon at mountpoint.
func (o *daemonOptions) complete(mountpoint string) error {
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
			return usageErrorf("%s is needed: %w", f.flag, err)
		}
	}
	return nil
}

// readyVariable in the environment of a daemon is the descriptor on which it says that it is ready.
const readyVariable = "XELPACK_READY_FD"

// isDaemon reports whether this process is what daemonize started.
func isDaemon() bool { return os.Getenv(readyVariable) != "" }

// exitStatus is the failure of a daemon that never became ready; what it said is printed already.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("the daemon ended with exit code %d", int(e)) }

// maxLog is the size in bytes beyond which a log is put aside when the next daemon starts.
const maxLog = 10 << 20

// daemonize starts this command line once more, in a session of its own so that it outlives the
// terminal, and returns once the mount is ready, or with what kept it from that. What the daemon
// says until then is printed too.
func daemonize(ctx context.Context, o daemonOptions, stderr io.Writer) error {
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
	cmd.Env = append(os.Environ(), readyVariable+"=3")
	cmd.SysProcAttr = ownSession()
	err = cmd.Start()
	_ = said.Close()
	if err != nil {
		return fmt.Errorf("start the daemon: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	defer stop()
	n, _ := ready.Read(make([]byte, 1)) // the end of the file is that of the daemon
	if n == 0 {
		err = cmd.Wait()
	}
	if err := copyFrom(stderr, o.Log, start); err != nil {
		words.Fprintf(stderr, "what the daemon says cannot be shown: %v\n", err)
	}
	if n == 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return exitStatus(max(exit.ExitCode(), exitFailed))
		}
		if err != nil {
			return fmt.Errorf("wait for the daemon to be ready: %w; see %s", err, o.Log)
		}
		return fmt.Errorf("the daemon ended before it was ready; see %s", o.Log)
	}
	fmt.Fprintf(stderr, "in the background as process %d; log: %s\n", cmd.Process.Pid, o.Log)
	return cmd.Process.Release()
}

// copyFrom copies what stands in a file from an offset on.
func copyFrom(w io.Writer, path string, start int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	_, err = io.Copy(w, io.NewSectionReader(f, start, math.MaxInt64-start))
	return err
}

// openLog opens a log for appending and returns its size. One that has grown large is put aside
// first.
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

// announceReady tells daemonize, if it waits for this process, that the mount can be used, and
// leaves a daemon's process number. cleanup is for the end.
func announceReady(o daemonOptions) (cleanup func(), err error) {
	cleanup = func() {}
	if isDaemon() {
		if cleanup, err = writePID(o.PIDFile); err != nil {
			return func() {}, fmt.Errorf("process number of the daemon: %w", err)
		}
		fd, err := strconv.Atoi(os.Getenv(readyVariable))
		if err != nil {
			return cleanup, fmt.Errorf("%s: %w", readyVariable, err)
		}
		f := os.NewFile(uintptr(fd), "ready")
		defer func() { _ = f.Close() }()
		if _, err := f.Write([]byte{1}); err != nil {
			return cleanup, fmt.Errorf("whoever started the daemon is gone: %w", err)
		}
	}
	return cleanup, nil
}

// notifySystemd tells the service manager how things are, where there is one that asked to be told.
func notifySystemd(state string) error {
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

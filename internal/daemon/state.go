package daemon

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/internal/realpath"
)

// stateDir returns the folder of daemons' PID files and logs: ~/.local/state/xelpack.
func stateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "xelpack"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "state", "xelpack"), nil
}

// stateFile returns the path of a daemon's file. It depends on the real path of the mountpoint.
func stateFile(mountpoint, ext string) (string, error) {
	dir, err := stateDir()
	if err != nil {
		return "", err
	}
	path, err := realpath.Absolute(mountpoint)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(dir, fmt.Sprintf("%s-%x%s", filepath.Base(path), sum[:4], ext)), nil
}

// writePID writes this process's PID file, and returns a function that removes it.
func writePID(file string) (remove func(), err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, err
	}
	return func() {
		if readPID(file) == os.Getpid() { // not a later process's
			_ = os.Remove(file)
		}
	}, nil
}

// readPID returns the number in a file, or 0.
func readPID(file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 0 {
		return 0
	}
	return pid
}

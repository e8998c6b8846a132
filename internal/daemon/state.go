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

// stateDir is where daemons leave their process number and their log: ~/.local/state/xelpack.
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

// stateFile is the path of a daemon's file, told from those of other mounts by the whole path of
// the mountpoint, whatever links it is named by.
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

// writePID leaves this process's number in a file, and returns what removes it.
func writePID(file string) (remove func(), err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, err
	}
	return func() {
		if readPID(file) == os.Getpid() { // and not that of who came after
			_ = os.Remove(file)
		}
	}, nil
}

// readPID returns the number in a file, or 0 for none.
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

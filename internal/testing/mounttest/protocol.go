package mounttest

import (
	"encoding/json"
	"errors"
	"os"
	"syscall"
	"time"
)

// childVariable in the environment makes a test binary serve a Reader instead of running tests.
const childVariable = "XELPACK_MOUNTTEST_READER"

// request is one line sent to a Reader's process.
type request struct {
	Op     string
	Path   string
	To     string        `json:",omitempty"` // second path
	File   int           `json:",omitempty"` // descriptor
	Off    int64         `json:",omitempty"`
	N      int           `json:",omitempty"`
	Shared bool          `json:",omitempty"`
	Every  time.Duration `json:",omitempty"`
}

// reply is the line sent back.
type reply struct {
	Errno syscall.Errno
	File  int      `json:",omitempty"`
	Data  []byte   `json:",omitempty"`
	Stat  Stat     `json:",omitzero"`
	Names []string `json:",omitempty"`
	Inos  []uint64 `json:",omitempty"`
	N     int      `json:",omitempty"`
}

// Stat is the result of stat(2).
type Stat struct {
	Ino  uint64
	Size int64
	Mode uint32
	Time time.Time // of the last modification
}

// Serve runs a Reader's process if this process was started as one, and reports whether it was.
// Call it first in TestMain.
func Serve() bool {
	if os.Getenv(childVariable) == "" {
		return false
	}
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var q request
		if err := in.Decode(&q); err != nil {
			return true // the Reader is closed, or its test is gone
		}
		r, err := perform(q)
		if err != nil && !errors.As(err, &r.Errno) {
			r.Errno = syscall.EINVAL
		}
		if out.Encode(r) != nil {
			return true
		}
	}
}

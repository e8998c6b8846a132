package drill

import (
	"errors"
	"os/exec"
	"time"

	"github.com/xelpack/xelpack/internal/process"
)

// PeakMemory runs cmd to its end and returns its peak resident memory in bytes, except for growth
// in its last hundredth of a second. The kernel's figure for an ended child is not usable: it is at
// least what the parent had when it started the child.
func PeakMemory(cmd *exec.Cmd) (bytes int64, err error) {
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			if err == nil && bytes == 0 {
				err = errors.New("it ended before its memory could be sampled")
			}
			return bytes, err
		case <-tick.C:
			peak, err := process.PeakMemory(cmd.Process.Pid)
			if err == nil { // otherwise it has ended, or has not yet become the command
				bytes = max(bytes, peak)
			}
		}
	}
}

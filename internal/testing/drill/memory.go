package drill

import (
	"errors"
	"os/exec"
	"time"

	"github.com/xelpack/xelpack/internal/process"
)

// PeakMemory runs cmd to its end and returns the most memory that it had resident, in bytes, to
// within what it took in its last hundredth of a second. What the kernel reports of an ended child
// will not do: it is at least what the parent had when it started the child.
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
				err = errors.New("it ended before its memory could be looked at")
			}
			return bytes, err
		case <-tick.C:
			peak, err := process.PeakMemory(cmd.Process.Pid)
			if err == nil { // otherwise it has ended, or has not become the command yet
				bytes = max(bytes, peak)
			}
		}
	}
}

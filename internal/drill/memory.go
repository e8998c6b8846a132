package drill

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// PeakMemory runs cmd to its end and returns the most memory that it had resident, in bytes, to within what it took in its last hundredth of a second.
// What the kernel reports of an ended child will not do: it is at least what the parent had when it started the child.
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
			if peak, ok := peakOf(cmd.Process.Pid); ok {
				bytes = max(bytes, peak)
			}
		}
	}
}

// peakOf reads the high-water mark of a process. It is not ok when the process has ended, or has not become the command yet.
func peakOf(pid int) (bytes int64, ok bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kib << 10, err == nil
		}
	}
	return 0, false
}

//go:build unix

package process

import (
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// Time is what this process has had of all processors.
func Time() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // which the kernel has no reason for
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// PeakMemory returns the most memory that a process has had resident, in bytes. getrusage would say
// what its parent had, if that was more. It fails when the process has ended,
// and where there is no /proc.
func PeakMemory(pid int) (bytes int64, err error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return 0, err
	}
	status, err := p.NewStatus()
	return int64(status.VmHWM), err
}

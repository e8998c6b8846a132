package process

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Repeats is how often work of some milliseconds has to be done for Time to tell its cost: Windows
// counts ticks of 15.6 ms.
const Repeats = 4

// Time returns the processor time of this process.
func Time() time.Duration {
	var u syscall.Rusage
	if err := windows.GetProcessTimes(windows.CurrentProcess(),
		(*windows.Filetime)(&u.CreationTime), (*windows.Filetime)(&u.ExitTime),
		(*windows.Filetime)(&u.KernelTime), (*windows.Filetime)(&u.UserTime)); err != nil {
		return 0 // never fails
	}
	return ticks(u.KernelTime) + ticks(u.UserTime)
}

// ticks is a duration in units of 100 ns. (Filetime's own method treats it as a date.)
func ticks(t syscall.Filetime) time.Duration {
	return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
}

// memoryCounters is PROCESS_MEMORY_COUNTERS.
type memoryCounters struct {
	size, pageFaults                                         uint32
	peakWorkingSet, workingSet, peakPaged, paged             uintptr
	peakNonPaged, nonPaged, pagefileUsage, peakPagefileUsage uintptr
}

var getProcessMemoryInfo = windows.NewLazySystemDLL("kernel32.dll").NewProc(
	"K32GetProcessMemoryInfo")

// PeakMemory returns a process's peak resident memory in bytes. It fails if the process has ended.
func PeakMemory(pid int) (bytes int64, err error) {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return 0, err
	}
	defer func() { _ = windows.CloseHandle(h) }()
	m := memoryCounters{size: uint32(unsafe.Sizeof(memoryCounters{}))}
	if ok, _, err := getProcessMemoryInfo.Call(uintptr(h), uintptr(unsafe.Pointer(&m)),
		uintptr(m.size)); ok == 0 {
		return 0, err
	}
	return int64(m.peakWorkingSet), nil
}

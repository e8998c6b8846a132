package doctor

import (
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/xelpack/xelpack/internal/words"
)

// Limits checks how many files a process may open.
func Limits() Finding { return subject("open files").ok("Windows sets no limit that matters") }

// memoryStatus is MEMORYSTATUSEX.
type memoryStatus struct {
	length, load                                                                                 uint32
	totalPhys, availPhys, totalPage, availPage, totalVirtual, availVirtual, availExtendedVirtual uint64
}

var globalMemoryStatusEx = windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")

// Memory compares the available memory with what a mount may need.
func Memory(need int64) Finding {
	const s = subject("memory")
	m := memoryStatus{length: uint32(unsafe.Sizeof(memoryStatus{}))}
	if ok, _, err := globalMemoryStatusEx.Call(uintptr(unsafe.Pointer(&m))); ok == 0 {
		return s.skipped(words.Of(err))
	}
	return memory(s, int64(m.availPhys), need)
}

package pack

import "golang.org/x/sys/windows"

var setThreadPriority = windows.NewLazySystemDLL("kernel32.dll").NewProc("SetThreadPriority")

// lowPriority is THREAD_PRIORITY_LOWEST. Not THREAD_PRIORITY_IDLE, for the reason that Linux has no
// higher niceness than 10 (thread_linux.go).
const lowPriority = -2

func lowerThread() error {
	priority := int32(lowPriority)
	if ok, _, err := setThreadPriority.Call(uintptr(windows.CurrentThread()),
		uintptr(priority)); ok == 0 {
		return err
	}
	return nil
}

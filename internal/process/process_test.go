package process

import (
	"os"
	"runtime/debug"
	"testing"
)

// What a process has touched shows, and a process that is not there is an error.
func TestPeakMemory(t *testing.T) {
	// Linux forgets the peak of the last time: without that, -count 20 takes a million times as
	// much.
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	before, err := PeakMemory(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	const size = 64 << 20
	b := make([]byte, before+size)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	after, err := PeakMemory(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if after < before+size {
		t.Errorf("%d bytes after %d more than the %d before were touched", after, len(b), before)
	}
	if _, err := PeakMemory(1 << 30); err == nil {
		t.Error("a process that cannot be has memory")
	}
}

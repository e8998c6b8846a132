package soak

import (
	"os"
	"testing"
)

// The sampler sees a process as it is, and says when there is none.
func TestLook(t *testing.T) {
	s, err := Config{Server: os.Getpid(), Goroutines: func() int { return 7 }}.look()
	if err != nil || s.RSS < 1<<20 || s.Descriptors < 3 || s.Goroutines != 7 {
		t.Errorf("%+v, %v: want memory, descriptors and 7 goroutines", s, err)
	}
	if _, err := (Config{Server: 1 << 30}).look(); err == nil {
		t.Error("a process that cannot be was looked at")
	}
}

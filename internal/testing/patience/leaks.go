package patience

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Main runs the tests of a package, and fails them if goroutines stay that they have started. Call
// it last in TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if err := Leaks(); err != nil {
			fmt.Fprintln(os.Stderr, "the tests have passed:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// Leaks waits for goroutines to end, and returns an error with those that do not. goleak itself
// gives them 0.4 s, which one that is about to end may spend in the queue for a processor.
func Leaks(options ...goleak.Option) error {
	for end := time.Now().Add(time.Minute); ; {
		if err := goleak.Find(options...); err == nil || time.Now().After(end) {
			return err
		}
	}
}

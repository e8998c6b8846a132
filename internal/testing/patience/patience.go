// Package patience lets tests wait for what no channel reports: something that another process or
// the kernel does.
//
//	patience.Until(t, "it is mounted", func() bool { … })
//
// No test decides by the clock. The time waited is only a bound against hanging, which follows go
// test's own -timeout: for a slow machine that one flag gives more time.
package patience

import (
	"testing"
	"time"
)

// most is how long a test waits when go test has no time-out.
const most = 10 * time.Minute

// For returns how long t may wait for something that must happen: a part of the time left until go
// test's time-out, so that a hanging test fails by itself and says what it waited for.
func For(t testing.TB) time.Duration {
	if t, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if end, ok := t.Deadline(); ok {
			return min(most, time.Until(end)*3/4)
		}
	}
	return most
}

// Until polls is until it returns true, and fails the test if it never does.
func Until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(For(t)); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never happened: %s", what)
		}
	}
}

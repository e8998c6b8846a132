// Package patience is how tests wait for what no channel tells them: something that another process
// or the kernel does.
//
//	patience.Until(t, "it is mounted", func() bool { … })
//
// No test decides by the clock. How long it waits is only a bound against hanging, which follows go
// test's own -timeout: a machine that is known to be slow is given more time by that one flag.
package patience

import (
	"testing"
	"time"
)

// most is how long a test waits when go test has no time-out.
const most = 10 * time.Minute

// For is how long t may wait for what must happen: a part of what is left until go test's time-out,
// so that what hangs fails by itself and says what was waited for.
func For(t testing.TB) time.Duration {
	if t, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if end, ok := t.Deadline(); ok {
			return min(most, time.Until(end)*3/4)
		}
	}
	return most
}

// Until waits until is holds, which it asks again and again, and fails the test if it never does.
func Until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(For(t)); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never happened: %s", what)
		}
	}
}

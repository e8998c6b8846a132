// Package drill selects whether a test runs at full scale, and prints measured figures as rows of a
// table.
//
// A drill is a test of behaviour at full size. In `make test` it runs in a reduced form that
// asserts what does not depend on how busy the machine is; with XELPACK_DRILL set it runs at full
// scale and also asserts the figures. `make drill-fetch` does so and shows the table.
package drill

import (
	"fmt"
	"os"
	"testing"
)

// Variable is the environment variable that asks for full scale.
const Variable = "XELPACK_DRILL"

// Full reports whether drills are to run at full scale.
func Full() bool { return os.Getenv(Variable) != "" }

// Scale returns full at full scale, else reduced.
func Scale[T any](full, reduced T) T {
	if Full() {
		return full
	}
	return reduced
}

// SkipUnlessFull skips drills that have no reduced form, and says why.
func SkipUnlessFull(t *testing.T, why string) {
	t.Helper()
	if !Full() {
		t.Skipf("%s: it runs with %s=1 (make drill-fetch)", why, Variable)
	}
}

// SkipIfShort leaves drills to the plain pass of the tests.
func SkipIfShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("a drill: it runs in the plain pass, without -short")
	}
}

// Row prints a required and a measured figure. At full scale a figure that is not met fails the
// test; in the reduced form it is only logged.
func Row(t testing.TB, what, must, measured string, met bool) {
	t.Helper()
	if !Full() {
		t.Logf("%s: must %s, measured %s (reduced: not judged)", what, must, measured)
		return
	}
	verdict := "yes"
	if !met {
		verdict = "**no**"
		t.Errorf("%s: must %s, measured %s", what, must, measured)
	}
	fmt.Printf("| %s | %s | %s | %s |\n", what, must, measured, verdict)
}

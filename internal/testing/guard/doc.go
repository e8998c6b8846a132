// Package guard cleans up after tests that are killed: no mount, process or file of theirs stays.
//
//	func TestMain(m *testing.M) {
//		guard.Start()
//		…
//	}
//
// A test that ends, fails or panics cleans up itself. One that gets SIGKILL cannot, and a mount
// that it leaves behind hangs every process that looks into its folder. So a second process watches
// it, and outlives it long enough to clean up.
package guard

// Package mounttest checks mounts from outside, as a simulator sees them: from another process.
//
//	func TestMain(m *testing.M) {
//		if mounttest.Serve() {
//			return
//		}
//		m.Run()
//	}
//
//	func TestArchived(t *testing.T) {
//		mounttest.NeedFUSE(t)
//		…mount something…
//		mounttest.Run(t, mounttest.Tree{Dir: dir, Files: files, Absent: absent})
//	}
//
// A page fault or a blocked system call on a mount that the test's own process serves can stop the
// thread that would have to answer. So a Reader does everything: the test binary started again, in
// which Serve opens, reads, maps and tries to write on request.
package mounttest

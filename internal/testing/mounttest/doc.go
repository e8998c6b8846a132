// Package mounttest checks mounts from outside, the way a simulator meets them: from another
// process.
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
// thread that would have to answer. So everything here is done by a Reader: the test binary started
// once more, which Serve turns into a servant that opens, reads, maps and tries to write as it is
// told.
package mounttest

// Package fetchtest is a server of imagery that misbehaves on demand, and the suite that every
// fetch.Source passes.
//
//	server := fetchtest.NewServer(fetchtest.Options{
//		Fault: fetchtest.FirstOf(5, fetchtest.Unavailable, fetchtest.Truncated), // one chunk in five fails when first asked for
//	})
//	defer server.Close()
//	source := client.Source(server.Provider())
//
// The server listens on 127.0.0.1, plain or with TLS and HTTP/2, serves the sample imagery unless
// told otherwise, and counts what it is asked. Faults are chosen by a function of the chunk and of
// how often it has been asked for, so a run can be repeated. Every faulty body is made here.
package fetchtest

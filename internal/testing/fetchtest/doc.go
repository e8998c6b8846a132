// Package fetchtest has an imagery server that misbehaves on demand, and the suite that every
// fetch.Source passes.
//
//	server := fetchtest.NewServer(fetchtest.Options{
//		// one chunk in five fails when first asked for
//		Fault: fetchtest.FirstOf(5, fetchtest.Unavailable, fetchtest.Truncated),
//	})
//	defer server.Close()
//	source := client.Source(server.Provider())
//
// The server listens on 127.0.0.1, plain or with TLS and HTTP/2, serves the sample imagery by
// default, and counts requests. Faults are chosen by a function of the chunk and of how often it
// has been asked for, so a run can be repeated.
package fetchtest

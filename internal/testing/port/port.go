// Package port gives tests ports for servers that have to come back at the same one, or that are
// told theirs before they start.
package port

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Free returns a port of 127.0.0.1 that nobody listens at. It is below those that a system gives to
// connections, and to whoever listens at port 0: while nobody listens, one of these may be taken by
// any other test, and a connection to it from the same machine may even be with itself.
func Free(t testing.TB) int {
	t.Helper()
	var err error
	for range 100 {
		n := 10_000 + rand.IntN(22_000)
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprint("127.0.0.1:", n)); err == nil {
			_ = l.Close()
			return n
		}
	}
	t.Fatal(err)
	return 0
}

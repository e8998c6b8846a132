//go:build !linux

package serve

import "context"

// ClearAfter has nothing to clear: no mount of this system lies over a package.
func ClearAfter(context.Context) bool { return false }

// ClearWhenKilled has nothing to clear.
func ClearWhenKilled(string) (end func(), err error) { return func() {}, nil }

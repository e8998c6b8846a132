//go:build !linux

package sqlpages

import "syscall"

// resident reports nothing: the system does not say.
func resident(syscall.RawConn, int64) bool { return false }

// willNeed leaves it to the system what to read ahead.
func willNeed(syscall.RawConn, int64, int64) {}

// Package usage has the error of options that cannot be meant. Its texts call options what the
// command line calls them ("--corridor"); the command line exits with 2 for it.
package usage

import "fmt"

// Error is a request that cannot be meant: what is wrong is wrong before any work.
type Error struct{ Err error }

func (e Error) Error() string { return e.Err.Error() }

func (e Error) Unwrap() error { return e.Err }

// Errorf is fmt.Errorf for an Error.
func Errorf(format string, args ...any) error { return Error{fmt.Errorf(format, args...)} }

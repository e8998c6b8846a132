// Package usage has the error of invalid options. Its texts call options by their command-line
// names ("--corridor"); the command line exits with 2 for it. Nearest finds the name that a
// misspelt one was meant to be.
package usage

import "fmt"

// Error is an invalid request, detected before any work.
type Error struct{ Err error }

func (e Error) Error() string { return e.Err.Error() }

func (e Error) Unwrap() error { return e.Err }

// Errorf is fmt.Errorf for an Error.
func Errorf(format string, args ...any) error { return Error{fmt.Errorf(format, args...)} }

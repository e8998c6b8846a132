//go:build !linux

package mbtiles

import (
	"context"
	"errors"
	"os"
)

// The drills need a file system of their own, and a limit of the size of files.
func drillChild(context.Context, string, string) error { return errors.ErrUnsupported }

func limitedBuild(context.Context, string) error { return errors.ErrUnsupported }

// wasKilled reports whether a process was killed. On Windows nothing but the code that Go gives it
// tells.
func wasKilled(s *os.ProcessState) bool { return s.ExitCode() == 1 || s.ExitCode() == -1 }

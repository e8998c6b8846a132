package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/xelpack/xelpack/internal/daemon"
	"github.com/xelpack/xelpack/internal/hint"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/seal"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/internal/words"
)

// The exit codes, the same for every verb.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitHoles       = 3
	exitDiskFull    = 4
	exitVerify      = 5
	exitInterrupted = 130
)

const exitCodesHelp = `Exit codes: 0 done; 1 failed; 2 wrong usage; 3 finished with holes (the archive is valid;
build it again to fetch them), or not sealed; 4 not enough disk; 5 verification failed; 130 interrupted
(run the same command to continue).`

// exitCode prints the error with a hint and returns its exit code.
func exitCode(stderr io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	code := codeOf(err)
	if errors.As(err, new(daemon.ExitStatus)) {
		return code // printed already
	}
	if code == exitInterrupted && hint.IsUndone(err) {
		fmt.Fprintln(stderr, "xelpack: interrupted; nothing was changed: run the same command to "+
			"start over")
		return code
	}
	if code == exitInterrupted {
		fmt.Fprintln(stderr, "xelpack: interrupted; finished work is kept: run the same command "+
			"to continue")
		return code
	}
	fmt.Fprintf(stderr, "xelpack: %s\n", words.Of(err))
	if h := hint.Of(err); h != "" {
		fmt.Fprintf(stderr, "hint: %s\n", h)
	}
	return code
}

func codeOf(err error) int {
	var wrong usage.Error
	var background daemon.ExitStatus
	switch {
	case errors.As(err, &background):
		return int(background)
	case errors.As(err, &wrong):
		return exitUsage
	case errors.Is(err, pack.ErrHoles), errors.Is(err, seal.ErrUnsealed):
		return exitHoles
	case hint.DiskFull(err):
		return exitDiskFull
	case errors.Is(err, report.ErrVerify):
		return exitVerify
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	default:
		return exitFailed
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/xelpack/xelpack/internal/daemon"
	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/install"
	"github.com/xelpack/xelpack/internal/install/manifest"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/combine"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
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
build it again to fetch them); 4 not enough disk; 5 verification failed; 130 interrupted
(run the same command to continue).`

var (
	errHoles  = errors.New("finished with holes")
	errVerify = errors.New("verification failed")
)

// usageErrorf returns the error of an invalid command line.
func usageErrorf(format string, args ...any) error { return usage.Errorf(format, args...) }

// exitCode prints the error with a hint and returns its exit code.
func exitCode(stderr io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	code := codeOf(err)
	if errors.As(err, new(daemon.ExitStatus)) {
		return code // printed already
	}
	if code == exitInterrupted && isUndone(err) {
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
	if h := hint(err); h != "" {
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
	case errors.Is(err, errHoles):
		return exitHoles
	case errors.Is(err, plan.ErrDiskFull), errors.Is(err, install.ErrRoom),
		errors.Is(err, mbtiles.ErrFull), filesys.Full(err):
		return exitDiskFull
	case errors.Is(err, errVerify):
		return exitVerify
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	default:
		return exitFailed
	}
}

// hints are remedies for errors whose text has none.
var hints = []struct {
	err  error
	hint string
}{
	{errHoles, "run the same command again: it fetches only what failed"},
	{plan.ErrDiskFull,
		"free some space or choose another place; a build continues where it stopped"},
	{mbtiles.ErrFull, "free some space, then run the same command: it continues where it stopped"},
	{mbtiles.ErrLocked, "wait for the other xelpack to end, then run the same command again"},
	{mbtiles.ErrUnfinished, "run the command that began it again: it continues where it stopped; " +
		"see `xelpack info FILE.mbtiles.part`"},
	{mbtiles.ErrVersion, "update xelpack"},
	{combine.ErrMixture, "merge them separately, or give --force: the new archive may then not " +
		"be passed on"},
	{mbtiles.ErrTruncated, copyAgain +
		", or remove it and build it again; `xelpack verify` says whether it can be repaired"},
	{mbtiles.ErrCorrupt, "see `xelpack verify` for the damage and the remedy"},
	{fetch.ErrOffline, "run without --offline to fetch what is missing"},
	{providers.ErrUnknown, "see `xelpack providers`"},
	{pack.ErrRefused, "the provider may require a token, or may have blocked you: wait, or " +
		"choose another --provider; the build continues where it stopped"},
	{pack.ErrNoAnswer, "check the network, the provider's address and its answer above; the same " +
		"command continues where it stopped"},
	{pack.ErrOtherProvider, "build another file, or give the provider that the archive was built " +
		"from"},
	{scenery.ErrNoTerrain, ""},
	{tiles.ErrNothing, "check the order W,S,E,N of a bbox, longitude before latitude in a route, " +
		"and that the scenery or the archive covers the place"},
	{install.ErrOther, "--switch changes to this archive; `xelpack uninstall` takes the other " +
		"one out"},
	{install.ErrRoom, "free some space, or install a smaller part: `xelpack extract`; nothing " +
		"was changed"},
	{manifest.ErrDamaged, "nothing was changed; `xelpack uninstall --installed ARCHIVE` takes " +
		"out what equals an archive's textures"},
	{manifest.ErrVersion, "nothing was changed; use the version that installed it, or a newer one"},
	{syscall.ENOTCONN, "the mount of a process that was killed may lie over it: `xelpack umount " +
		"FOLDER` clears it"},
	{errIll, "do what each → says, then run it again"},
}

// hinted is an error with its own hint.
type hinted struct {
	error
	hint string
}

func (e hinted) Unwrap() error { return e.error }

func hint(err error) string {
	if h, ok := errors.AsType[hinted](err); ok {
		return h.hint
	}
	if isUndone(err) && codeOf(err) == exitDiskFull {
		return "free some space or choose another place; nothing was changed"
	}
	var none plan.NoMatch
	if errors.As(err, &none) && !none.Place {
		return "" // the reason has been printed
	}
	for _, h := range hints {
		if errors.Is(err, h.err) {
			return h.hint
		}
	}
	return ""
}

// Package hint knows what to do about an error: the sentence that follows the error's own words.
//
//	if h := hint.Of(err); h != "" {
//		fmt.Fprintf(os.Stderr, "hint: %s\n", h)
//	}
package hint

import (
	"errors"
	"syscall"

	"github.com/xelpack/xelpack/internal/doctor"
	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/install"
	"github.com/xelpack/xelpack/internal/install/manifest"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/share/publish"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/combine"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// CopyAgain is the remedy for an archive that was damaged on its way.
const CopyAgain = "copy it again from its source (an incomplete download can be continued with " +
	"curl -C - or rsync --partial)"

// Publisher is the remedy for one that is damaged on a web server.
const Publisher = "try again later, in case it is still being uploaded, or tell whoever published it"

// hints are remedies for errors whose text has none.
var hints = []struct {
	err  error
	hint string
}{
	{pack.ErrHoles, "run the same command again: it fetches only what failed"},
	{plan.ErrDiskFull,
		"free some space or choose another place; a build continues where it stopped"},
	{mbtiles.ErrFull, "free some space, then run the same command: it continues where it stopped"},
	{mbtiles.ErrExists, "give another name with -o, or remove it first"},
	{mbtiles.ErrLocked, "wait for the other xelpack to end, then run the same command again"},
	{mbtiles.ErrBuilding, Publisher},
	{mbtiles.ErrUnfinished, "run the command that began it again: it continues where it stopped; " +
		"see `xelpack info FILE.mbtiles.part`"},
	{mbtiles.ErrVersion, "update xelpack"},
	{publish.ErrTerms, "move it out of the folder, whose files a web server gives to everybody; " +
		"--private publishes for your own house only"},
	{mbtiles.ErrLook, "give --bake-look with the look that the archive has (`xelpack info`), leave " +
		"it out if it has none, or build another file"},
	{mbtiles.ErrBaked, "leave out --look and --season, or build an archive without --bake-look"},
	{combine.ErrLooks, "merge them separately"},
	{combine.ErrMixture, "merge them separately, or give --force: the new archive may then not " +
		"be passed on"},
	{mbtiles.ErrUploading, Publisher},
	{mbtiles.ErrTruncated, CopyAgain +
		", or remove it and build it again; `xelpack verify` says whether it can be repaired"},
	{mbtiles.ErrCorrupt, "see `xelpack verify` for the damage and the remedy"},
	{fetch.ErrNoRanges, "if it answers a page, the address may be another one or want a login; " +
		"otherwise it takes another server: `xelpack serve`, Caddy, nginx and Apache send parts, " +
		"`python3 -m http.server` and proxies that compress do not"},
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
	{doctor.ErrProblems, "do what each → says, then run it again"},
}

// Of returns what to do about err, or "".
func Of(err error) string {
	if h, ok := errors.AsType[hinted](err); ok {
		return h.hint
	}
	if IsUndone(err) && DiskFull(err) {
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
	if DiskFull(err) {
		return "free some space, then run the same command again"
	}
	return ""
}

// With returns err with a hint of its own.
func With(err error, hint string) error { return hinted{err, hint} }

type hinted struct {
	error
	hint string
}

func (e hinted) Unwrap() error { return e.error }

// Undone returns err as the error of an operation that is done completely or not at all.
func Undone(err error) error { return undone{err} }

// IsUndone reports whether err left everything as it was.
func IsUndone(err error) bool {
	_, ok := errors.AsType[undone](err)
	return ok
}

type undone struct{ error }

func (e undone) Unwrap() error { return e.error }

// DiskFull reports whether err is a lack of disk space.
func DiskFull(err error) bool {
	return errors.Is(err, plan.ErrDiskFull) || errors.Is(err, install.ErrRoom) ||
		errors.Is(err, mbtiles.ErrFull) || filesys.Full(err)
}

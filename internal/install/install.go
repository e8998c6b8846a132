// Package install writes an archive's textures as plain files into a scenery package, for flying
// without a mount, switches from one archive to another, and removes all of it again:
//
//	report, err := install.Install(ctx, archive, "flight.mbtiles", install.Options{Scenery: dir})
//	report, err = install.Uninstall(ctx, install.Options{Scenery: dir})
//
// The intended result is written down before anything is changed (docs/install-format.md), every
// change is a rename, and a file is identified by its hash. So the process may end at any point:
// the next run continues to the same result, or goes back.
package install

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/install/manifest"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Reasons why an installation cannot be done.
var (
	ErrRoom     = errors.New("not enough disk")
	ErrOther    = errors.New("another archive is installed there")
	ErrBusy     = errors.New("another program has it open")
	ErrReadOnly = errors.New("the package cannot be written to")
	ErrChanged  = errors.New("it was changed in the meantime")
)

// Options say where to install and how. Only Scenery is required.
type Options struct {
	Scenery string // the folder of the package
	Switch  bool   // another archive may be installed there: it is replaced
	DryRun  bool   // only report what would be done
	Copies  bool   // make every texture a separate file, without links among equal ones
	Workers int    // default: number of processors

	Name func(tiles.Key) (string, bool) // how the terrain spells a texture's file; may be nil
	// packages with textures that may be linked instead of written
	Others []string
	// called with bytes, from one goroutine at a time; may be nil
	Meter func(what string, done, of int64)

	// Known is an archive that was installed, for Uninstall of a package whose list is damaged:
	// files equal to its textures are taken to be installed.
	Known *mbtiles.Archive

	// called before every change: tests stop the work anywhere
	die func(op string) error
	// default filesys.Of; tests use disks that this machine does not have
	disk func(dir string) (filesys.Info, error)
}

// Report is the result. Scripts rely on its JSON.
type Report struct {
	Textures string `json:"textures_folder"`
	Archive  string `json:"archive,omitempty"` // installed now

	Installed    int   `json:"installed"` // textures of the archive that are in the package now
	Written      int   `json:"written"`
	WrittenBytes int64 `json:"written_bytes"` // including the list of installed files
	Linked       int   `json:"linked"`        // hard links and reflinks to equal textures
	Removed      int   `json:"removed"`       // textures of an earlier installation
	// files that the package had under names of textures
	SetAside int      `json:"set_aside"`
	Restored int      `json:"restored"`
	Left     []Left   `json:"left"` // sorted
	Holes    int      `json:"holes"`
	Failed   int64    `json:"failed_chunks"`
	Notes    []string `json:"notes"`
}

// Left is a file that was left unchanged.
type Left struct {
	File string `json:"file"`
	Why  string `json:"why"`
}

// Install makes the package in o.Scenery have the textures of an archive, and none of an earlier
// one. file is the name of the archive.
func Install(ctx context.Context, a *mbtiles.Archive, file string, o Options) (Report, error) {
	info, err := a.Info(ctx)
	if err != nil {
		return Report{}, err
	}
	if info.State != "complete" || info.Textures == 0 {
		return Report{}, fmt.Errorf(
			"%s has no textures or is not finished (want a finished archive)", file)
	}
	if a.Remote() {
		file = a.Path() // without what is secret in its address
	} else if file, err = filepath.Abs(file); err != nil {
		return Report{}, err
	}
	w, err := begin(ctx, o)
	if err != nil {
		return Report{}, err
	}
	w.archive, w.report.Holes, w.report.Failed, w.report.Archive = a, info.Holes, info.Failed, file
	w.to.Archive, w.to.Digest = file, info.Digest
	if disk, err := w.o.disk(filepath.Dir(file)); err == nil && disk.Network {
		w.note("the archive is on a network drive (%s): copying it to a local disk first may be "+
			"faster", disk.Kind)
	}
	return w.end(w.install(ctx))
}

// Uninstall restores the package in o.Scenery, except for files that were changed by others since.
func Uninstall(ctx context.Context, o Options) (Report, error) {
	w, err := begin(ctx, o)
	if err != nil {
		return Report{}, err
	}
	return w.end(w.uninstall(ctx))
}

// work is one change of a package.
type work struct {
	o      Options
	folder *folder
	state
	to      manifest.Manifest // the intended result
	archive *mbtiles.Archive
	entries map[string]mbtiles.Entry // of the archive, by file name
	steps   []step
	report  Report
}

func begin(ctx context.Context, o Options) (*work, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.disk == nil {
		o.disk = filesys.Of
	}
	if o.Meter == nil {
		o.Meter = func(string, int64, int64) {}
	}
	f, err := openFolder(o)
	if err != nil {
		return nil, err
	}
	w := &work{o: o, folder: f, report: Report{Textures: f.path, Left: []Left{}, Notes: []string{}}}
	if w.state, err = f.readState(); errors.Is(err, manifest.ErrDamaged) && o.Known != nil {
		w.state, err = w.recover(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	w.to.Made = w.made() || !f.exists()
	return w, nil
}

func (w *work) end(err error) (Report, error) {
	if err != nil && w.folder.exists() && !w.o.DryRun {
		_ = w.folder.emptyNew() // otherwise the next run does
	}
	if !w.o.DryRun {
		w.report.WrittenBytes = w.folder.wrote.Load()
	}
	return w.report, errors.Join(err, w.folder.close())
}

func (w *work) install(ctx context.Context) error {
	if at := w.current(); at.Digest != "" && at.Digest != w.to.Digest &&
		at.Archive != w.to.Archive && !w.o.Switch {
		return fmt.Errorf("%s: %w: %s", w.folder.path, ErrOther, at.Archive)
	}
	if err := w.list(ctx); err != nil {
		return err
	}
	if err := w.plan(ctx); err != nil {
		return err
	}
	if err := w.room(); err != nil || w.o.DryRun {
		return err
	}
	if err := w.declare(); err != nil {
		return err
	}
	if err := w.act(ctx); err != nil {
		return err
	}
	return w.folder.commit()
}

func (w *work) uninstall(ctx context.Context) error {
	if w.folder.exists() {
		if err := w.plan(ctx); err != nil || w.o.DryRun {
			return err
		}
		if !w.nothing() {
			if err := w.declare(); err != nil {
				return err
			}
			if err := w.act(ctx); err != nil {
				return err
			}
		}
	}
	if w.o.DryRun {
		return nil
	}
	return w.folder.clear(w.made())
}

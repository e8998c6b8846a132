// Package install writes an archive's textures as plain files into a scenery package, for flying
// without a mount, changes from one archive to another, and takes all of it out again:
//
//	report, err := install.Install(ctx, archive, "flight.mbtiles", install.Options{Scenery: dir})
//	report, err = install.Uninstall(ctx, install.Options{Scenery: dir})
//
// What is meant to be is written down before anything is changed (docs/install-format.md), every
// change is a renaming, and what stands under a name is told by its hash. So a process may end
// anywhere: whoever comes next goes on to the same end, or back.
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

// What keeps an installation from being done.
var (
	ErrRoom     = errors.New("not enough disk")
	ErrOther    = errors.New("another archive is installed there")
	ErrBusy     = errors.New("another program has it open")
	ErrReadOnly = errors.New("the package cannot be written to")
	ErrChanged  = errors.New("it was changed meanwhile")
)

// Options say where to install and how. Only Scenery is needed.
type Options struct {
	Scenery string // the folder of the package
	Switch  bool   // another archive may be installed there: it makes room
	DryRun  bool   // only find out what would be done
	Copies  bool   // make every texture a file of its own, with no links among those of equal content
	Workers int    // default one a processor

	Name   func(tiles.Key) (string, bool)    // how the terrain spells a texture's file; may be nil
	Others []string                          // packages with textures that may be linked instead of written
	Meter  func(what string, done, of int64) // is told of bytes, from one goroutine at a time; may be nil

	// Known is an archive that was installed, for Uninstall of a package whose list is damaged: what
	// equals its textures is taken to be installed.
	Known *mbtiles.Archive

	die  func(op string) error                  // is asked before every change: tests end the work anywhere
	disk func(dir string) (filesys.Info, error) // default filesys.Of; tests have disks that this machine has not
}

// Report is what was done. Its JSON is a contract with scripts.
type Report struct {
	Textures string `json:"textures_folder"`
	Archive  string `json:"archive,omitempty"` // that is installed now

	Installed    int      `json:"installed"` // textures of the archive that stand in the package now
	Written      int      `json:"written"`
	WrittenBytes int64    `json:"written_bytes"` // with the list of what is installed
	Linked       int      `json:"linked"`        // hard links and reflinks to equal textures
	Removed      int      `json:"removed"`       // textures of an earlier installation
	SetAside     int      `json:"set_aside"`     // files that the package had under the names of textures
	Restored     int      `json:"restored"`
	Left         []Left   `json:"left"` // sorted
	Holes        int      `json:"holes"`
	Failed       int64    `json:"failed_chunks"`
	Notes        []string `json:"notes"`
}

// Left is a file that was left as it is.
type Left struct {
	File string `json:"file"`
	Why  string `json:"why"`
}

// Install makes the package in o.Scenery hold the textures of an archive, and none of an earlier
// one. file is what the archive is called.
func Install(ctx context.Context, a *mbtiles.Archive, file string, o Options) (Report, error) {
	info, err := a.Info(ctx)
	if err != nil {
		return Report{}, err
	}
	if info.State != "complete" || info.Textures == 0 {
		return Report{}, fmt.Errorf("%s holds no textures, or is not finished: want a finished archive", file)
	}
	if file, err = filepath.Abs(file); err != nil {
		return Report{}, err
	}
	w, err := begin(ctx, o)
	if err != nil {
		return Report{}, err
	}
	w.archive, w.report.Holes, w.report.Failed, w.report.Archive = a, info.Holes, info.Failed, file
	w.to.Archive, w.to.Digest = file, info.Digest
	if disk, err := w.o.disk(filepath.Dir(file)); err == nil && disk.Network {
		w.note("the archive is on a network drive (%s): to copy it to a local disk first may be quicker", disk.Kind)
	}
	return w.end(w.install(ctx))
}

// Uninstall makes the package in o.Scenery what it was before, but for what was changed since by
// others.
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
	to      manifest.Manifest // what is to be
	archive *mbtiles.Archive
	entries map[string]mbtiles.Entry // of the archive, by the name of the file
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
		_ = w.folder.emptyNew() // else whoever comes next does
	}
	if !w.o.DryRun {
		w.report.WrittenBytes = w.folder.wrote.Load()
	}
	return w.report, errors.Join(err, w.folder.close())
}

func (w *work) install(ctx context.Context) error {
	if at := w.current(); at.Digest != "" && at.Digest != w.to.Digest && at.Archive != w.to.Archive && !w.o.Switch {
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

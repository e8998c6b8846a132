// Package fly takes a flight from its plan to a sealed flight in X-Plane: it plans, says what it
// costs, asks, builds, seals and mounts, or installs where nothing can be mounted. Run again it
// does only what is missing.
//
//	o := fly.Options{Plan: plan.Options{Selection: selection}, Archives: dir, …}
//	report, err := fly.Run(ctx, o)
//
// Invalid options are a usage.Error.
package fly

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/xelpack/xelpack/internal/archives"
	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/seal"
	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// errDeclined means that the person who was asked did not want it.
var errDeclined = errors.New("nothing was built: you said no")

// Options say which flight it is, and who is asked.
type Options struct {
	Plan     plan.Options // its Routes and Scenery; Output is chosen
	Build    build.Options
	Archives string // the folder of archives
	Quota    int64  // bytes that they should stay within; 0: none
	Unsealed bool   // fly even if something lacks: it is made when it is opened
	Install  bool   // install instead of mounting; always where nothing can be mounted
	// XPlane is X-Plane's folder: the mount ends when X-Plane has ended; "": it does not
	XPlane string
	Ends   string // how the person who flies ends the mount; "": Ctrl-C

	Log  *slog.Logger
	HTTP string               // address of each mount's status page; "": none
	Page func(url string)     // told of it; may be nil if HTTP is ""
	Line *progress.StatusLine // of the mount
	Out  io.Writer            // for what it costs, and the seal
	Note func(string)
	// Confirm asks whether to begin what costs; Insist whether to remove something for good.
	Confirm, Insist func(ctx context.Context, question string) (bool, error)
	Meter           func(what string) (set func(done, total int64), end func())
}

// Run takes the flight to its end: that of the mount, or of the installation.
func Run(ctx context.Context, o Options) (seal.Report, error) {
	if len(o.Plan.Routes) == 0 {
		return seal.Report{}, usage.Errorf("no route: name a flight plan")
	}
	if len(o.Plan.Scenery) == 0 {
		return seal.Report{}, usage.Errorf("no scenery package: give --scenery DIR")
	}
	if err := mount.InPlace(); err != nil && !o.Install {
		o.Note(fmt.Sprintf("%v; the textures will be installed", err))
		o.Install = true
	}
	if err := o.free(ctx); err != nil {
		return seal.Report{}, err
	}
	p, err := o.Prepare(ctx)
	if err != nil {
		return seal.Report{}, err
	}
	if len(p.Items) == 0 {
		o.Note("every texture of the flight is a real file of its package: there is nothing to do")
		return seal.Report{Sealed: true}, nil
	}
	if err := o.build(ctx, p); err != nil {
		return seal.Report{}, err
	}
	// Packages of other places stay as they are.
	packages := slices.DeleteFunc(slices.Clone(p.Opened), func(s *scenery.Package) bool {
		return !slices.ContainsFunc(p.Items, func(it tiles.Item) bool {
			_, names := s.Lookup(it.Key())
			return names
		})
	})
	file := p.Options.Output
	if o.Install {
		if err := o.install(ctx, file, packages); err != nil {
			return seal.Report{}, err
		}
	}
	report, err := o.seal(ctx, p)
	if err != nil {
		return report, err
	}
	if !o.Install {
		return report, o.mount(ctx, file, packages, report.Sealed)
	}
	o.Note("start X-Plane now. These take the textures out again, if you want that afterwards:")
	for _, s := range packages {
		o.Note("  " + shell.Command("xelpack", "uninstall", "--scenery", s.Dir()))
	}
	return report, nil
}

// free makes sure that no package is covered by a mount: of a flight that has not ended, or of one
// whose process was killed.
func (o Options) free(ctx context.Context) error {
	for _, dir := range o.Plan.Scenery {
		cleared, err := mount.Free(ctx, dir)
		if err != nil {
			return err
		}
		if cleared {
			o.Note(fmt.Sprintf("%s: the mount of a process that was killed was removed", dir))
		}
	}
	return nil
}

// Prepare plans the flight, and sets what of the plan's options Run chooses.
func (o *Options) Prepare(ctx context.Context) (*plan.Plan, error) {
	if err := os.MkdirAll(o.Archives, 0o777); err != nil {
		return nil, fmt.Errorf("folder of archives: %w", err)
	}
	o.Plan.Output = filepath.Join(o.Archives, Name(o.Plan.Routes, o.Plan.Imagery.Provider))
	o.Plan.Note = o.Note
	return plan.Make(ctx, o.Plan)
}

// build builds what is missing, once that was agreed to.
func (o Options) build(ctx context.Context, p *plan.Plan) error {
	file := p.Options.Output
	lacks, err := p.Lacks(ctx)
	if err != nil {
		return err
	}
	if !lacks {
		o.Note(fmt.Sprintf("%s has everything already", file))
		return nil
	}
	if err := p.WriteText(o.Out); err != nil {
		return err
	}
	disk, err := filesys.Of(o.Archives)
	if err != nil {
		return err
	}
	for _, fact := range []struct{ name, text string }{
		{"free", units.Bytes(disk.Free) + " in " + o.Archives},
		{"licence", fmt.Sprintf("%s; to pass on: %s", p.Provider.Licence, p.Provider.Terms.Words())},
	} {
		if _, err := fmt.Fprintf(o.Out, "%-11s %s\n", fact.name, fact.text); err != nil {
			return err
		}
	}
	if err := o.makeRoom(ctx, p); err != nil {
		return err
	}
	if err := p.Room(); err != nil {
		return err
	}
	yes, err := o.Confirm(ctx, "build it?")
	if err != nil {
		return err
	}
	if !yes {
		return errDeclined
	}
	b, err := build.Open(ctx, p, o.Build)
	if err != nil {
		return err
	}
	done, err := b.Run(ctx)
	if err != nil {
		return err
	}
	return build.WriteReport(o.Out, file, done) // the seal reports holes
}

// makeRoom offers the oldest archives for removal if the new one leads beyond the quota.
func (o Options) makeRoom(ctx context.Context, p *plan.Plan) error {
	list, err := archives.List(ctx, o.Archives)
	if err != nil {
		return err
	}
	for _, a := range archives.Over(list, p.Estimate.StoreBytes, o.Quota) {
		if a.File == p.Options.Output || a.File == p.Options.Output+".part" {
			continue
		}
		yes, err := o.Insist(ctx, fmt.Sprintf("the archives will exceed %s; remove %s for good?",
			units.Bytes(o.Quota), a.Words(time.Now())))
		if err != nil { // nobody to ask: nothing is removed
			o.Note(fmt.Sprintf("the archives will exceed %s; the oldest: %s", units.Bytes(o.Quota),
				a.Words(time.Now())))
			return ctx.Err()
		}
		if yes {
			if err := a.Remove(); err != nil {
				return err
			}
		}
	}
	return nil
}

// seal proves that the flight needs no network. The error is seal.ErrUnsealed if it does, unless
// that is accepted.
func (o Options) seal(ctx context.Context, p *plan.Plan) (seal.Report, error) {
	so := seal.Options{Options: p.Options, Archives: []string{p.Options.Output},
		Installed: o.Install, Meter: o.Meter, Asked: func(string) bool { return true }}
	so.Note = func(string) {} // all was noted when it was planned
	report, err := seal.Run(ctx, so)
	if err == nil {
		err = report.WriteText(o.Out)
	}
	if err == nil && !report.Sealed && !o.Unsealed {
		err = seal.ErrUnsealed
	}
	return report, err
}

package fly

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/install"
	"github.com/xelpack/xelpack/internal/observe/watch"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/position"
	"github.com/xelpack/xelpack/internal/serve"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/scenery"
)

// mount mounts the archive over each package, until ctx ends or X-Plane has ended. A sealed flight
// needs no network.
func (o Options) mount(ctx context.Context, file string, packages []*scenery.Package,
	sealed bool) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	live, ends := mount.LiveOff, cmp.Or(o.Ends, "Ctrl-C")
	if !sealed {
		live = mount.LiveScenery
	}
	if o.XPlane != "" {
		ends += ", or the end of X-Plane,"
	}
	var ready atomic.Int64
	g, gctx := errgroup.WithContext(ctx)
	for _, p := range packages {
		dir := p.Dir()
		g.Go(func() error {
			w, err := watch.Start(gctx, "mount", watch.Options{HTTP: o.HTTP, Log: o.Log, Note: o.Note})
			if err != nil {
				return err
			}
			defer w.Close()
			if o.HTTP != "" {
				o.Page(w.URL())
			}
			return serve.Run(gctx, serve.Options{
				Archives: []string{file}, Mountpoint: dir, Imagery: o.Plan.Imagery,
				Mount: mount.Options{Scenery: []string{dir}, Live: live, Logger: o.Log,
					Observer: w.Observer},
				Follow:  position.Options{Mode: position.Auto},
				Watcher: w, Line: o.Line, Ends: ends,
				Ready: func() error {
					if int(ready.Add(1)) == len(packages) {
						o.Note(fmt.Sprintf("start X-Plane now, and leave this running until you have "+
							"landed; %s ends it", ends))
					}
					return nil
				},
			})
		})
	}
	if o.XPlane != "" {
		go func() {
			if ended(ctx, o.XPlane) {
				o.Note("X-Plane has ended")
				end()
			}
		}()
	}
	return g.Wait()
}

// install puts the archive's textures into the packages as files.
func (o Options) install(ctx context.Context, file string,
	packages []*scenery.Package) (err error) {
	a, err := mbtiles.Open(ctx, file)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	for _, p := range packages {
		dir := p.Dir()
		set, end := o.Meter("install in " + filepath.Base(dir))
		report, err := install.Install(ctx, a, file, install.Options{
			Scenery: dir, Switch: true, Name: plan.Spelling(p), Others: install.Beside(dir),
			Meter: func(_ string, done, of int64) { set(done, of) },
		})
		end()
		if err != nil {
			return err
		}
		o.Note(report.Text(false))
	}
	return nil
}

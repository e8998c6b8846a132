package serve

import (
	"cmp"
	"context"
	"sync"

	"github.com/xelpack/xelpack/internal/follow"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/position"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// follow has what X-Plane will load next made ahead of the aircraft, until end is called.
func (o Options) follow(ctx context.Context, fsys *mount.FS, packages []*scenery.Package) (end func()) {
	if len(packages) == 0 || o.Follow.Mode == position.Off || o.Follow.Mode == "" {
		return func() {}
	}
	f := follow.New(follow.Options{
		Textures: plan.Named(packages, nil),
		Has: func(k tiles.Key) bool {
			for _, p := range packages {
				if t, ok := p.Lookup(k); ok && t.Real {
					return true
				}
			}
			return fsys.Has(k)
		},
		Ahead: fsys.Ahead,
	})
	o.Watcher.Follow.Store(f)
	from := o.Follow
	from.Note = o.note
	from.Changed = func(from string) {
		f.From(from)
		o.Mount.Logger.Info("the aircraft's position", "from", cmp.Or(from, "nothing"))
	}
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	following.Go(func() { position.Follow(ctx, from, f.See) })
	return func() {
		cancel()
		following.Wait()
	}
}

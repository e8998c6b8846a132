package serve

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"slices"
	"testing"

	"github.com/prometheus/procfs"

	"github.com/xelpack/xelpack/internal/observe/watch"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/testing/guard"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestMain(m *testing.M) {
	guard.Start()
	if ClearAfter(context.Background()) {
		return
	}
	m.Run()
}

// asked is an archive that calls the function before its first entry.
type asked struct {
	mount.Archive
	first func()
}

func (a asked) Len() int                                   { return 0 }
func (a asked) Lookup(tiles.Key) (e mbtiles.Entry, _ bool) { return e, false }
func (a asked) All() iter.Seq[mbtiles.Entry] {
	a.first()
	return func(func(mbtiles.Entry) bool) {}
}

// A process that is killed right after it has mounted over a package left its mount there: what
// clears it was started after the mount.
func TestClearsFromTheBeginning(t *testing.T) {
	mounttest.NeedFUSE(t)
	dir := t.TempDir()
	looked, enough := false, errors.New("enough")
	o := Options{Mountpoint: dir, Line: progress.NewStatusLine(io.Discard), Watcher: &watch.Watcher{}, Ready: func() error { return enough }, Mount: mount.Options{
		Scenery: []string{dir}, Archives: []mount.Archive{asked{first: func() {
			looked = true
			if !clearing(t, dir) {
				t.Error("nothing would clear the mount, which is about to be made")
			}
		}}},
	}}
	if err := o.serve(t.Context(), nil, nil); !errors.Is(err, enough) || !looked {
		t.Errorf("%v, archive looked at: %v", err, looked)
	}
	if clearing(t, dir) {
		t.Error("what clears the mount has not ended")
	}
}

// clearing reports whether a process started by this one waits to clear dir.
func clearing(t *testing.T, dir string) bool {
	t.Helper()
	all, err := procfs.AllProcs()
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(all, func(p procfs.Proc) bool {
		env, err := p.Environ()
		return err == nil && p.PID != os.Getpid() && slices.Contains(env, clearVariable+"="+dir)
	})
}

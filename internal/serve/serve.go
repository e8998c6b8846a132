// Package serve is a mount from its beginning to its end: the archives that its arguments stand
// for, where live textures come from, and what is told to whoever watches.
package serve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/internal/observe/watch"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/position"
	"github.com/xelpack/xelpack/internal/process"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/remote"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options say what is mounted, and how.
type Options struct {
	Archives   []string // files, and folders of them
	Mountpoint string
	Mount      mount.Options // but for what the rest of these fill in
	Imagery    imagery.Options
	Flown      plan.Ground // drawn on the status page

	DiskCache int64 // bytes of live textures on disk; 0: none
	DiskAsked bool  // DiskCache was asked for, and counts for a bare URL template as well
	CacheDir  string

	Follow position.Options // how the aircraft's position is had, to make ahead of it

	Watcher *watch.Watcher
	Line    *progress.StatusLine // for messages and the current state
	Ends    string               // what ends the mount, in words
	Ready   func() error         // called once the mount can be used
	Again   <-chan os.Signal     // wishes to look for other archives
}

func (o Options) note(text string) { fmt.Fprintln(o.Line, text) }

// unmountPatience is how long an interrupted mount waits for open files to be closed before it is
// detached.
const unmountPatience = 5 * time.Second

// Run mounts and stays until the context ends, somebody unmounts, or the terminal goes away.
func Run(ctx context.Context, o Options) error {
	mo := &o.Mount
	// before the package is read, which may be what a dead mount covers
	cleared, err := mount.Free(ctx, o.Mountpoint)
	if err != nil {
		return err
	}
	if cleared {
		o.note(fmt.Sprintf("%s: the mount of a process that was killed was removed", o.Mountpoint))
	}
	var packages []*scenery.Package
	// otherwise the terrain, a million files perhaps, need not be read
	if mo.Live != mount.LiveOff {
		if packages, err = plan.OpenScenery(ctx, mo.Scenery, nil, o.note); err != nil {
			return err
		}
	}
	if mo.Live == mount.LiveScenery && len(packages) == 0 {
		mo.Live = mount.LiveOff // no names
	}
	mo.Wanted = func(k tiles.Key) bool { return wanted(packages, k) }

	lib, err := openLibrary(ctx, o.Archives, mo.Look != nil, o.note)
	if err != nil {
		return err
	}
	defer func() { _ = lib.close() }()
	process.BoundMemory(Memory(mo.MemoryCache, len(lib.shelf)))
	mo.Archives, mo.Files = lib.archives(), slices.DeleteFunc(lib.files(), remote.IsURL)
	w := o.Watcher
	w.Holds(mo.Archives, lib.files(), o.Flown.Paths, o.Flown.Regions)
	if mo.Live == mount.LiveOff {
		return o.serve(ctx, lib, nil)
	}
	if err := lib.noteBaked(ctx, o.note); err != nil {
		return err
	}
	provider, err := o.Imagery.Lookup(plan.Named(packages, lib.opened), o.note)
	if err != nil {
		return err
	}
	// A stand-in at once is better than every open waiting for a dead connection.
	source, err := o.Imagery.Open(ctx, provider,
		fetch.ClientOptions{Patience: -1, Observer: w.Making(),
			OnOutage: observe.Logging{To: w.Log}.Outage, Beside: lib.opener.Used()}, o.note)
	if err != nil {
		return err
	}
	defer source.Close()
	pipeline := pack.New(o.pipeline(source, provider, w.Making()))
	defer func() { _ = pipeline.Close() }()
	mo.Generator = generator{pipeline}
	w.Client.Store(source.Client)
	w.Pipeline.Store(pipeline)
	if mo.Disk = o.openDisk(ctx, provider); mo.Disk != nil {
		defer closeDisk(mo.Disk, mo.Logger)
	}
	return o.serve(ctx, lib, packages)
}

// serve mounts what is put together. Textures of the packages may be made live.
func (o Options) serve(ctx context.Context, lib *library, packages []*scenery.Package) error {
	at := "at"
	if path, ok := o.inPlace(); ok {
		at = "in place at"
		// before there is anything to clear: this process may be killed at any moment
		end, err := ClearWhenKilled(path)
		if err != nil {
			o.Mount.Logger.Warn("if this process is killed, its mount has to be cleared with "+
				"xelpack umount", "because", err)
		} else {
			defer end()
		}
	}
	fsys, err := mount.Mount(ctx, o.Mountpoint, o.Mount)
	if err != nil {
		return err
	}
	gone := make(chan error, 1)
	go func() { gone <- fsys.Wait() }()
	textures := 0
	for _, a := range o.Mount.Archives {
		textures += a.Len()
	}
	fmt.Fprintf(o.Line, "mounted %s %s: %s in %s; live: %s; %s ends it\n",
		at, fsys.Mountpoint(), units.Plural(textures, "archived texture"), units.Plural(
			len(o.Mount.Archives), "archive"), o.Mount.Live, o.Ends)
	o.Watcher.Mount.Store(fsys)
	if err := o.Ready(); err != nil {
		return errors.Join(err, o.end(ctx, fsys, gone))
	}
	unfollow := o.follow(ctx, fsys, packages)
	o.Line.Show(func() string {
		text := statusText(fsys.Stats())
		if v := o.Watcher.Follow.Load().View(); v != nil {
			text += "; " + v.String()
		}
		return text
	})
	err = o.attend(ctx, fsys, lib, gone)
	unfollow()
	o.Line.Clear()
	s := fsys.Stats()
	fmt.Fprintf(o.Line, "unmounted %s: %s of archived textures read, %s made live, %s stand-ins\n",
		filepath.Base(o.Mountpoint), units.Bytes(s.Archived.Bytes), units.Count(
			s.Made), units.Count(s.StandIns))
	return err
}

// attend waits for the end of the mount and handles signals.
func (o Options) attend(ctx context.Context, fsys *mount.FS, lib *library,
	gone <-chan error) error {
	for {
		select {
		case err := <-gone:
			return err
		case <-ctx.Done():
			return o.end(ctx, fsys, gone)
		case <-o.Again:
			if o.Line.HungUp() { // the terminal was closed: not a request for new archives
				return o.end(ctx, fsys, gone)
			}
			lib.refresh(ctx, o.note)
			c := fsys.SetArchives(lib.archives())
			fmt.Fprintf(o.Line, "archives checked again: %s; new textures: %s, replaced: %s, "+
				"replaced from the next mount on (their size differs): %s\n",
				units.Plural(len(lib.shelf), "archive"), units.Count(c.New), units.Count(
					c.Replaced), units.Count(c.Kept))
		}
	}
}

// end unmounts. An interrupt is the normal end of a mount: files still open are reported, and
// served until they are closed.
func (o Options) end(ctx context.Context, fsys *mount.FS, gone <-chan error) error {
	unmounting, cancel := context.WithTimeout(context.WithoutCancel(ctx), unmountPatience)
	defer cancel()
	err := fsys.Unmount(unmounting)
	switch {
	case errors.Is(err, mount.ErrBusy):
		words.Fprintf(o.Line, "%v; detached: open files are served until they are closed; "+
			"interrupt again to abort\n", err)
		err = nil
	case errors.Is(err, context.DeadlineExceeded): // it ends by itself
		words.Fprintf(o.Line, "%v; waiting for its end\n", err)
		err = nil
	}
	return errors.Join(err, <-gone)
}

// statusText describes the state of a mount on one line.
func statusText(s mount.Stats) string {
	text := fmt.Sprintf("%s archived, %s real, %s live opens; %s read",
		units.Count(s.Archived.Opens), units.Count(s.Real.Opens), units.Count(s.Live.Opens),
		units.Bytes(s.Archived.Bytes+s.Live.Bytes+s.Real.Bytes))
	if n := s.Making + s.Queued; n > 0 {
		text += fmt.Sprintf("; %d being made, %d waited for", n, s.Waiting)
	}
	if s.StandIns > 0 {
		text += fmt.Sprintf("; %s stand-ins", units.Count(s.StandIns))
	}
	if s.Damaged > 0 {
		text += fmt.Sprintf("; %s damaged", units.Count(s.Damaged))
	}
	return text
}

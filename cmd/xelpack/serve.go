package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/xelpack/xelpack/internal/daemon"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mount"
)

// unmountPatience is how long an interrupted mount waits for open files to be closed before it is
// detached.
const unmountPatience = 5 * time.Second

// serve mounts and stays until the context ends, somebody unmounts, or the terminal goes away.
// ready is called once the mount can be used. SIGHUP makes it look for other archives.
func serve(ctx context.Context, o mount.Options, lib *library, mountpoint string, ready func(*mount.FS) error, line *progress.StatusLine) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // before there is a mount that a hang-up would leave behind
	defer signal.Stop(hup)
	fsys, err := mount.Mount(ctx, mountpoint, o)
	if err != nil {
		return err
	}
	gone := make(chan error, 1)
	go func() { gone <- fsys.Wait() }()
	textures := 0
	for _, a := range o.Archives {
		textures += a.Len()
	}
	ends := "Ctrl-C or `xelpack umount`"
	if daemon.Is() {
		ends = "`xelpack umount`"
	}
	fmt.Fprintf(line, "mounted at %s: %s in %s; live: %s; %s ends it\n",
		fsys.Mountpoint(), units.Plural(textures, "archived texture"), units.Plural(len(o.Archives), "archive"), o.Live, ends)
	if err := ready(fsys); err != nil {
		return errors.Join(err, end(ctx, fsys, gone, line))
	}
	line.Show(func() string { return statusText(fsys.Stats()) })
	err = attend(ctx, fsys, lib, gone, hup, line)
	line.Clear()
	s := fsys.Stats()
	fmt.Fprintf(line, "unmounted %s: %s of archived textures read, %s made live, %s stand-ins\n",
		filepath.Base(mountpoint), units.Bytes(s.Archived.Bytes), units.Count(s.Made), units.Count(s.StandIns))
	return err
}

// attend waits for the end of the mount, and for signals until then.
func attend(ctx context.Context, fsys *mount.FS, lib *library, gone <-chan error, hup <-chan os.Signal, line *progress.StatusLine) error {
	for {
		select {
		case err := <-gone:
			return err
		case <-ctx.Done():
			return end(ctx, fsys, gone, line)
		case <-hup:
			if line.HungUp() { // the terminal was closed: that was no wish for other archives
				return end(ctx, fsys, gone, line)
			}
			lib.refresh(ctx, line)
			c := fsys.SetArchives(lib.archives())
			fmt.Fprintf(line, "archives looked at again: %s; new textures: %s, replaced: %s, replaced from the next mount on (their size differs): %s\n",
				units.Plural(len(lib.shelf), "archive"), units.Count(c.New), units.Count(c.Replaced), units.Count(c.Kept))
		}
	}
}

// end unmounts. Being asked to end is how a mount ends well: files still open are said, and served
// until they are closed.
func end(ctx context.Context, fsys *mount.FS, gone <-chan error, stderr io.Writer) error {
	unmounting, cancel := context.WithTimeout(context.WithoutCancel(ctx), unmountPatience)
	defer cancel()
	err := fsys.Unmount(unmounting)
	switch {
	case errors.Is(err, mount.ErrBusy):
		words.Fprintf(stderr, "%v; detached: what is open is served until it is closed; interrupt again to abort\n", err)
		err = nil
	case errors.Is(err, context.DeadlineExceeded): // it ends by itself
		words.Fprintf(stderr, "%v; waiting for its end\n", err)
		err = nil
	}
	return errors.Join(err, <-gone)
}

// statusText is what a mount has done and is doing, on one line.
func statusText(s mount.Stats) string {
	text := fmt.Sprintf("%s archived, %s real, %s live opens; %s read", units.Count(s.Archived.Opens), units.Count(s.Real.Opens), units.Count(s.Live.Opens),
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

package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/daemon"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/look"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/position"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/serve"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mount"
)

// mountOptions are the flags of mount.
type mountOptions struct {
	imagery imagery.Options
	live    serve.LiveOptions
	daemonOptions
	observeOptions
	look          look.Options
	Scenery       []string
	PreferArchive bool
	AllowOther    bool
	Slow          time.Duration
	Routes        []string // drawn on the status page
	Follow        string
}

func newMountCommand() *cobra.Command {
	var o mountOptions
	cmd := &cobra.Command{
		Use:   "mount ARCHIVE... [--scenery DIR...] [MOUNTPOINT]",
		Short: "Serve archives, and the scenery package over them, to X-Plane",
		Long: `Shows the scenery package with the archives' textures in it, read-only, until interrupted
or unmounted: at MOUNTPOINT, an empty folder, or without that in place, over the package
where it lies. Nothing of the package is moved or changed, and it is as before when the
mount ends, even if that is killed. Without --scenery the mount holds textures/ only.

Real files of the scenery come first, then archived textures in the order of the
archives, then live ones.

A texture that the scenery names but no archive holds is made from --provider when it is
opened: --live scenery (the default with --scenery), any (any valid name) or off. An open
waits for it until the deadline, and then gets a stand-in.

An ARCHIVE may be a folder of archives, or the address of one on a web server: what is
opened is fetched and kept, and what does not come until the deadline is shown coarser.
SIGHUP (kill -HUP, systemctl --user reload) looks
for new and replaced archives: new textures appear, open files are not disturbed, and a
known name keeps its size as long as the mount lasts.` + remark(mount.Remark),
		Example: `  xelpack mount flight.mbtiles --scenery "Custom Scenery/zzXEL_eur_ortho"
  xelpack mount flight.mbtiles alps.mbtiles --live off ~/textures
  xelpack mount --daemon ~/archives --scenery ~/scenery/zzXEL_eur_ortho "Custom Scenery/zzXEL_eur_ortho"`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := mount.Possible(); err != nil {
				return err
			}
			archives, mountpoint, err := serve.Place(args, o.Scenery)
			if err != nil {
				return err
			}
			if o.Daemon {
				if err := o.daemonOptions.Complete(mountpoint); err != nil {
					return err
				}
				if !daemon.Is() {
					return daemon.Start(cmd.Context(), o.daemonOptions.Options, cmd.ErrOrStderr())
				}
			}
			return runMount(cmd.Context(), o, archives, mountpoint, cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.Scenery, "scenery", nil,
		"scenery package `DIR` to show; may be repeated, the first wins")
	registerImagery(f, &o.imagery)
	registerLive(f, &o.live)
	registerLook(f, &o.look)
	o.daemonOptions.register(f)
	o.observeOptions.register(f, "info")
	f.StringVar(&o.observeOptions.watch.Trace, "trace", "",
		"record the mount's requests in `FILE`, for \"xelpack trace\" and \"replay\"")
	f.StringArrayVar(&o.Routes, "route", nil,
		"with --http, flight plan `FILE` to draw on the page's map, with the cells that X-Plane "+
			"loads along it; may be repeated")
	f.DurationVar(&o.Slow, "log-slow", time.Second, "log requests that take at least this long")
	f.StringVar(&o.Follow, "follow", "auto", "make what X-Plane will load ahead of the aircraft, whose "+
		"position is had by: auto, web[:HOST:PORT], rref[:HOST:PORT] or off")
	f.BoolVar(&o.PreferArchive, "prefer-archive", false,
		"prefer archived textures to real files of the scenery")
	f.BoolVar(&o.AllowOther, "allow-other", false,
		"let other users in (needs user_allow_other in /etc/fuse.conf)")
	return cmd
}

// lastWords is how long a mount that has ended waits for its last messages to be written.
const lastWords = time.Second

func runMount(ctx context.Context, o mountOptions, archives []string, mountpoint string,
	w io.Writer) (err error) {
	stderr, behind := progress.NewStatusLineBehind(w, o.LogJSON)
	defer behind.Close(lastWords)
	if len(o.Routes) > 0 && o.observeOptions.watch.HTTP == "" {
		return usage.Errorf("--route needs the status page: give --http 127.0.0.1:8087 as well")
	}
	flown, err := plan.Area{Routes: o.Routes}.Ground(notes(stderr))
	if err != nil {
		return err
	}
	// Removing the PID file is the last step of the end: once it is gone, the daemon has ended.
	forget := func() {}
	defer func() { forget() }()
	watcher, err := o.observeOptions.start(ctx, "mount", stderr)
	if err != nil {
		return err
	}
	defer watcher.Close()
	mo := mount.Options{
		Scenery: o.Scenery, PreferArchive: o.PreferArchive, AllowOther: o.AllowOther, Logger: watcher.Log, Observer: watcher.Observer,
	}
	followed, err := position.Parse(o.Follow)
	if err != nil {
		return usage.Errorf("--follow: %w", err)
	}
	now := time.Now()
	if o.look.Season == "auto" {
		if day, known := position.Day(ctx, followed.WebAt); known {
			notes(stderr)("the season is that of X-Plane's date")
			now = time.Date(2001, time.January, day, 0, 0, 0, 0, time.UTC) // of a year of 365 days
		}
	}
	var name string
	if mo.Look, name, err = makeLook(o.look, now, stderr); err != nil {
		return err
	}
	if name != "" {
		notes(stderr)("textures are shown in another look: " + name)
	}
	if o.Slow <= 0 {
		return usage.Errorf("--log-slow %v: must be positive", o.Slow)
	}
	mo.Observer = mount.LogSlow(mo.Observer, o.Slow, mo.Logger)
	if err := o.live.Apply(&mo); err != nil {
		return err
	}
	if err := o.imagery.Validate(); err != nil {
		return err
	}
	disk, err := o.live.DiskBytes()
	if err != nil {
		return err
	}
	ends := "Ctrl-C or `xelpack umount`"
	if daemon.Is() {
		ends = "`xelpack umount`"
	}
	hup := make(chan os.Signal, 1)
	// before the mount exists, so that a hang-up cannot leave it behind
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	return serve.Run(ctx, serve.Options{
		Follow:   followed,
		Archives: archives, Mountpoint: mountpoint, Mount: mo, Imagery: o.imagery, Flown: flown,
		DiskCache: disk, DiskAsked: o.live.DiskCache != "", CacheDir: o.live.CacheDir,
		Watcher: watcher, Line: stderr, Ends: ends, Again: hup,
		Ready: func() (err error) {
			// the socket may belong to the service that this process was started from
			if err := daemon.NotifySystemd("READY=1"); err != nil {
				watcher.Log.Warn("cannot notify systemd that the mount is ready", "NOTIFY_SOCKET",
					os.Getenv("NOTIFY_SOCKET"), "err", err)
			}
			behind.Flush(lastWords) // the starter prints the messages so far
			forget, err = daemon.Ready(o.daemonOptions.Options)
			return err
		},
	})
}

// remark is a paragraph of its own, if there is one.
func remark(text string) string {
	if text == "" {
		return ""
	}
	return "\n\n" + text
}

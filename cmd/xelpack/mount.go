package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/pack"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// mountOptions are the flags of mount.
type mountOptions struct {
	fetchOptions
	liveOptions
	Scenery       []string
	PreferArchive bool
	AllowOther    bool
}

func newMountCommand() *cobra.Command {
	var o mountOptions
	cmd := &cobra.Command{
		Use:   "mount ARCHIVE... [--scenery DIR...] MOUNTPOINT",
		Short: "Serve archives, and the scenery package over them, to X-Plane",
		Long: `Shows the scenery package at MOUNTPOINT, an empty folder, with the archives' textures in it, read-only, until interrupted or unmounted. Without --scenery
the mount holds textures/ only. Real files of the scenery come first, then archived textures in the order of the archives, then live ones.

A texture that the scenery names but no archive holds is made when it is opened, from --provider: --live scenery (the default with --scenery), any
(whatever has a valid name) or off. Whoever opens it waits for it until the deadline, and then gets a stand-in.`,
		Example: `  xelpack mount flight.mbtiles --scenery ~/scenery/zzXEL_eur_ortho "Custom Scenery/zzXEL_eur_ortho"
  xelpack mount flight.mbtiles alps.mbtiles --live off ~/textures`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runMount(cmd.Context(), o, args[:len(args)-1], args[len(args)-1], cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.Scenery, "scenery", nil, "scenery package `DIR` to show; may be repeated, the first wins")
	o.fetchOptions.register(f)
	o.liveOptions.register(f)
	f.BoolVar(&o.PreferArchive, "prefer-archive", false, "archived textures before real files of the scenery")
	f.BoolVar(&o.AllowOther, "allow-other", false, "let other users in (needs user_allow_other in /etc/fuse.conf)")
	return cmd
}

func runMount(ctx context.Context, o mountOptions, files []string, mountpoint string, stderr io.Writer) (err error) {
	mo := mount.Options{
		Scenery: o.Scenery, Files: files, PreferArchive: o.PreferArchive, AllowOther: o.AllowOther,
		Logger: slog.New(slog.NewTextHandler(stderr, nil)),
	}
	if err := o.liveOptions.apply(&mo); err != nil {
		return err
	}
	if err := o.fetchOptions.validate(); err != nil {
		return err
	}
	packages, err := openScenery(ctx, o.Scenery, nil, stderr)
	if err != nil {
		return err
	}
	if mo.Live == mount.LiveScenery && len(packages) == 0 {
		mo.Live = mount.LiveOff // nothing is named
	}
	mo.Wanted = func(k tiles.Key) bool { return wanted(packages, k) }

	for _, file := range files {
		a, err := mbtiles.Open(ctx, file)
		if err != nil {
			return err
		}
		defer a.Close()
		mo.Archives = append(mo.Archives, a)
	}
	if mo.Live != mount.LiveOff {
		provider, err := o.lookup(packages, stderr)
		if err != nil {
			return err
		}
		// Patience: a stand-in at once is better than every open waiting for a line that is gone.
		source, err := o.open(ctx, provider, fetch.ClientOptions{Patience: -1}, false, stderr)
		if err != nil {
			return err
		}
		defer source.close(stderr)
		pipeline := pack.New(pack.Options{Source: source, MaxZL: provider.MaxZL})
		defer pipeline.Close()
		mo.Generator = generator{pipeline}
	}
	return serve(ctx, mo, mountpoint, stderr)
}

// serve mounts and stays until the context ends or somebody unmounts.
func serve(ctx context.Context, o mount.Options, mountpoint string, stderr io.Writer) error {
	fsys, err := mount.Mount(ctx, mountpoint, o)
	if err != nil {
		return err
	}
	textures := 0
	for _, a := range o.Archives {
		textures += a.Len()
	}
	fmt.Fprintf(stderr, "mounted at %s: %s in %s; live: %s; Ctrl-C or `xelpack umount` ends it\n",
		fsys.Mountpoint(), plural(textures, "archived texture"), plural(len(o.Archives), "archive"), o.Live)

	gone := make(chan error, 1)
	go func() { gone <- fsys.Wait() }()
	select {
	case err = <-gone:
	case <-ctx.Done():
		// Being asked to end is how a mount ends well; only files still open are worth an error.
		unmounting, cancel := context.WithTimeout(context.WithoutCancel(ctx), unmountPatience)
		defer cancel()
		err = fsys.Unmount(unmounting)
		if errors.Is(err, mount.ErrBusy) {
			fmt.Fprintf(stderr, "%v; detached, serving what is open\n", err)
			err = nil
		}
		if errWait := <-gone; err == nil {
			err = errWait
		}
	}
	s := fsys.Stats()
	fmt.Fprintf(stderr, "unmounted %s: %s of archived textures read, %s made live, %s stand-ins\n",
		filepath.Base(mountpoint), bytesText(s.Archived.Bytes), countText(s.Made), countText(s.StandIns))
	return err
}

// unmountPatience is how long an interrupted mount waits for open files to be closed before it is detached.
const unmountPatience = 5 * time.Second

func wanted(packages []*scenery.Package, k tiles.Key) bool {
	for _, p := range packages {
		if _, ok := p.Lookup(k); ok {
			return true
		}
	}
	return false
}

// generator makes live textures through the pipeline that builds archives.
type generator struct{ pipeline *pack.Pipeline }

var _ mount.Generator = generator{}

// Texture implements mount.Generator. A texture without any imagery because everything failed is an error: the mount has better stand-ins.
func (g generator) Texture(ctx context.Context, t tiles.Texture) (file []byte, final bool, err error) {
	built, err := g.pipeline.Texture(ctx, tiles.Item{Texture: t})
	if err != nil {
		return nil, false, err
	}
	if built.Blank() {
		built.Release()
		return nil, false, fmt.Errorf("no chunk of %s could be had: %w", t, built.Cause)
	}
	return built.Take(), built.Failed == 0, nil
}

func newUmountCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "umount MOUNTPOINT",
		Short:   "End a mount",
		Long:    "Ends the mount at MOUNTPOINT, whichever xelpack serves it. One that a dead process left behind is cleared.",
		Example: `  xelpack umount "Custom Scenery/zzXEL_eur_ortho"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return mount.Unmount(args[0])
		},
	}
}

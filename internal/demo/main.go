// Command demo runs xelpack's main job from end to end on a machine without network or X-Plane: it
// makes a scenery package, serves invented imagery on 127.0.0.1, and then runs the commands that a
// user would type, checking the results. `make demo` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/pkg/tiles"

	"github.com/paulmach/orb"
)

func main() {
	var d demo
	flag.StringVar(&d.xelpack, "xelpack", "bin/xelpack", "the command to show")
	flag.StringVar(&d.route, "route", "testdata/demo.geojson", "the flight")
	flag.StringVar(&d.dir, "dir", "demo", "folder for the results; an old one is replaced")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	start := time.Now()
	if err := d.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo failed:", err)
		os.Exit(1)
	}
	fmt.Printf("\nThe demo took %.0f s. What a user would type next:\n\n",
		time.Since(start).Seconds())
	fmt.Printf("  %s info %s\n", d.xelpack, d.archive())
	fmt.Printf("  %s plan --bbox 5.2,43.5,5.4,43.7 --zoom 16 --provider eox\n", d.xelpack)
	fmt.Printf("  %s build --route YOUR.geojson --scenery YOUR_PACKAGE -o flight.mbtiles\n",
		d.xelpack)
	fmt.Printf("  %s mount flight.mbtiles --scenery YOUR_PACKAGE \"X-Plane 12/Custom "+
		"Scenery/YOUR_PACKAGE\"\n", d.xelpack)
	fmt.Printf("\nA picture of what was packed: %s\n", d.picture())
}

// demo is one run.
type demo struct {
	xelpack, route, dir string
	server              *fetchtest.Server
	made                *scenerytest.Package
}

func (d *demo) archive() string  { return filepath.Join(d.dir, "flight.mbtiles") }
func (d *demo) picture() string  { return filepath.Join(d.dir, "flight.png") }
func (d *demo) scenery() string  { return filepath.Join(d.dir, "zzXEL_demo_ortho") }
func (d *demo) exported() string { return filepath.Join(d.dir, "exported") }

func (d *demo) run(ctx context.Context) error {
	if err := os.RemoveAll(d.dir); err != nil {
		return err
	}
	var err error
	d.made, err = scenerytest.Make(d.scenery(), scenerytest.Options{
		Box:     tiles.Box{West: 5, South: 43.45, East: 5.5, North: 43.85},
		Airport: orb.Point{5.30, 43.60}, AirportMax: 8,
		Real: 2,
	})
	if err != nil {
		return fmt.Errorf("make the scenery package: %w", err)
	}
	say("A scenery package: %s, %d terrain files that name %d textures, %d of them there as files",
		d.made.Dir, d.made.Terrains, len(d.made.Textures), len(d.made.Real))

	if d.server, err = fetchtest.Listen(fetchtest.Options{}); err != nil {
		return fmt.Errorf("start the imagery server: %w", err)
	}
	defer d.server.Close()
	say("An imagery server: %s", d.server.Template())

	selection := []string{"--route", d.route, "--scenery", d.scenery(), "--provider",
		d.server.Template(), "--corridor", "4nm"}
	steps := []func() error{
		func() error { return d.show(ctx, append([]string{"plan"}, selection...)...) },
		func() error {
			return d.show(ctx, append([]string{"build", "-o", d.archive()}, selection...)...)
		},
		func() error { return d.show(ctx, "verify", d.archive()) },
		func() error { return d.show(ctx, "preview", d.archive(), d.picture()) },
		func() error { return d.show(ctx, "export", d.archive(), d.exported()) },
		func() error { return d.checkPixels(ctx) },
		func() error { return d.mountAndCompare(ctx) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func say(format string, args ...any) { fmt.Printf("\n# "+format+"\n", args...) }

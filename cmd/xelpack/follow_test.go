//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/internal/testing/simulatortest"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// A cell ahead of the aircraft is made before anybody opens it, and an open then reads it whole.
func TestMountFollows(t *testing.T) {
	skipIfShort(t)
	mounttest.NeedFUSE(t)
	t.Parallel()
	dir, server := t.TempDir(), farmServer(t)
	simulator := simulatortest.Listen(map[string]float64{
		"sim/flightmodel/position/latitude": 41.2, "sim/flightmodel/position/longitude": 5.3,
		"sim/flightmodel/position/hpath": 0, "sim/flightmodel/position/groundspeed": 128,
		"sim/flightmodel/position/y_agl": 9000,
	})
	t.Cleanup(simulator.Close)
	scenery := func(name string, box tiles.Box) *scenerytest.Package {
		made, err := scenerytest.Make(filepath.Join(dir, name), scenerytest.Options{Box: box, Limit: 1, AirportMax: -1})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	made := scenery("scenery", tiles.Box{West: 5, South: 43.45, East: 5.5, North: 43.85})
	other := scenery("other", tiles.Box{West: 8, South: 40, East: 8.5, North: 40.4})
	archive, mnt := filepath.Join(dir, "other.mbtiles"), filepath.Join(dir, "mnt")
	if err := os.Mkdir(mnt, 0o777); err != nil {
		t.Fatal(err)
	}
	route := filepath.Join(dir, "route.geojson")
	write(t, route, `{"type": "Point", "coordinates": [8, 39]}`)
	if out, err := command(t.Context(), t, "build", "--route", route, "--scenery", other.Dir,
		"--provider", server.Template(), "-o", archive).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	before := len(server.AskedFor())

	cmd := command(t.Context(), t, "mount", archive, "--scenery", made.Dir, "--provider", server.Template(),
		"--follow", "web:"+strings.TrimPrefix(simulator.URL, "http://"), "--disk-cache", "off",
		"--deadline", patience.For(t).String(), mnt)
	said := &strings.Builder{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	want := tiles.TextureChunks * tiles.TextureChunks
	patience.Until(t, "the cell ahead was asked for", func() bool { return len(server.AskedFor()) == before+want })
	file, err := os.ReadFile(filepath.Join(mnt, "textures", made.Textures[0].File()))
	full := dds.Layout{Format: dds.BC1, Side: dds.MaxSide}
	if err != nil || int64(len(file)) != full.Size() {
		t.Errorf("%d bytes were read, want %d: %v", len(file), full.Size(), err)
	}
	cmd.Process.Signal(syscall.SIGINT)
	if err := cmd.Wait(); err != nil || !strings.Contains(said.String(), "1 made live, 0 stand-ins") {
		t.Errorf("%v: %s", err, said)
	}
}

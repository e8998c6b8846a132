package xplane

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
)

// Fixes are points of navigation, by name. A name stands for several places in the world.
type Fixes map[string][]orb.Point

// Fixes returns the waypoints, NDBs and VORs of these names from X-Plane's navigation data: the
// user's own, or else those that X-Plane came with. Without any file there are none.
func (x Install) Fixes(ctx context.Context, names []string) (Fixes, error) {
	found := make(Fixes)
	for _, name := range names {
		found[name] = nil
	}
	for _, f := range []struct {
		name            string
		lat, lon, ident int // fields
		navaids         bool
	}{
		{"earth_fix.dat", 0, 1, 2, false},
		{"earth_nav.dat", 1, 2, 7, true},
	} {
		file := filepath.Join(x.Dir, "Custom Data", f.name)
		if _, err := os.Stat(file); err != nil {
			file = filepath.Join(x.Dir, "Resources", "default data", f.name)
		}
		err := eachRow(ctx, file, func(row []string) {
			// 2 is an NDB, 3 a VOR; others are of airports and of landing systems.
			if len(row) <= f.ident || f.navaids && row[0] != "2" && row[0] != "3" {
				return
			}
			places, wanted := found[row[f.ident]]
			if at, ok := position(row[f.lat], row[f.lon]); ok && wanted {
				found[row[f.ident]] = append(places, at)
			}
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return found, nil
}

// eachRow calls row with the fields of each line.
func eachRow(ctx context.Context, file string, row func([]string)) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for n := 0; lines.Scan(); n++ {
		if n%(1<<14) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		row(strings.Fields(lines.Text()))
	}
	return lines.Err()
}

// Near returns the place of that name through which the way from one place to another is shortest.
// One that makes it more than twice as long, and 300 km longer, is another place of the same name.
func (f Fixes) Near(name string, from, to orb.Point) (at orb.Point, ok bool) {
	direct := geo.DistanceHaversine(from, to)
	least := max(2*direct, direct+300e3)
	for _, p := range f[name] {
		if d := geo.DistanceHaversine(from, p) + geo.DistanceHaversine(p, to); d <= least {
			at, ok, least = p, true, d
		}
	}
	return at, ok
}

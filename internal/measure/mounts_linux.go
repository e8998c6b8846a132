package measure

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// mountSuites are those that need a mount.
var mountSuites = []Suite{{"mount", mounts}}

// mounts measures a simulator's reads from three mounts of one archive in turn: one without
// observers, one with metrics and a trace, and one that shows another season.
func mounts(ctx context.Context, e *Env) (err error) {
	if e.Program == "" {
		return errors.New("no program to mount with")
	}
	list, err := Contents(ctx, e.Imagery, e.Textures)
	if err != nil {
		return err
	}
	file := filepath.Join(e.Dir, "mount.mbtiles")
	if err := Write(ctx, file, list, true); err != nil {
		return err
	}
	watch := []string{"--http", "127.0.0.1:0", "--trace", filepath.Join(e.Dir, "watched.trace")}
	order := []string{"plain", "watched", "looked"}
	servers := make(map[string]*Server)
	for name, flags := range map[string][]string{"plain": nil, "watched": watch,
		"looked": {"--season", "01-15"}} {
		s, err := Serve(ctx, e.Dir, e.Program,
			append([]string{"mount", file, "@", "--live", "off"}, flags...)...)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Stop()) }()
		servers[name] = s
	}
	var once, light, heavy []tiles.Texture
	for i := range e.Textures {
		once = append(once, Name(i))
	}
	light, heavy = slices.Repeat(once, 60), slices.Repeat(once, 4)
	for range e.Round() {
		// One reader, to measure the path of an answer: with several, scheduling noise would hide
		// it.
		for _, name := range order {
			small, err := Reading{Parallel: 1, Tails: true}.Read(ctx, servers[name].Mountpoint,
				light)
			if err != nil {
				return err
			}
			whole, err := Reading{Parallel: 1}.Read(ctx, servers[name].Mountpoint, heavy)
			if err != nil {
				return err
			}
			e.Add("textures-"+name, "header+tail/s", higher, float64(small.Opens)/small.Seconds)
			e.Add("whole-"+name, "MB/s", higher, float64(whole.Bytes)/1e6/whole.Seconds)
			e.Add("open-p50-"+name, "µs", lower, 1e6*small.Open.P50)
			e.Add("read-p50-"+name, "µs", lower, 1e6*small.Read.P50)
		}
		slices.Reverse(order)
	}
	return nil
}

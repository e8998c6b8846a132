package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/measure"
	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// load is work on a mount.
type load func(ctx context.Context, mountpoint string) (done, error)

// done is the result of a load.
type done struct {
	seconds, p99 float64
	bytes        int64
	files        int
}

// texturePaths returns the paths of n textures from the first on.
func texturePaths(mountpoint string, first, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = filepath.Join(mountpoint, "textures", measure.Name(first+i).File())
	}
	return all
}

func reading(o measure.Reading, names []tiles.Texture) load {
	return func(ctx context.Context, mountpoint string) (done, error) {
		r, err := o.Read(ctx, mountpoint, names)
		return done{r.Seconds, r.Read.P99, r.Bytes, r.Opens}, err
	}
}

// readWhole reads each whole texture once.
func readWhole(parallel int) load {
	names := make([]tiles.Texture, wholeTextures)
	for i := range names {
		names[i] = measure.Name(i)
	}
	return reading(measure.Reading{Parallel: parallel, Keep: true}, names)
}

// readTails reads header and small levels of count out of n textures.
func readTails(n, count, parallel int) load {
	names := make([]tiles.Texture, count)
	for i := range names {
		names[i] = measure.Name(rand.IntN(n))
	}
	return reading(measure.Reading{Parallel: parallel, Tails: true}, names)
}

// each calls do for every path, parallel at once.
func each(paths []string, parallel int, do func(path string) (n int, err error)) (done, error) {
	next := make(chan string, len(paths))
	for _, p := range paths {
		next <- p
	}
	close(next)
	var g errgroup.Group
	times, bytes := make([][]time.Duration, parallel), make([]int64, parallel)
	start := time.Now()
	for worker := range parallel {
		g.Go(func() error {
			for path := range next {
				began := time.Now()
				n, err := do(path)
				if err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				times[worker] = append(times[worker], time.Since(began))
				bytes[worker] += int64(n)
			}
			return nil
		})
	}
	err := g.Wait()
	d := done{seconds: time.Since(start).Seconds(), files: len(paths),
		p99: trace.Distribution(slices.Concat(times...)).P99}
	for _, n := range bytes {
		d.bytes += n
	}
	return d, err
}

func stat(path string) (int, error) {
	var st unix.Stat_t
	return 0, unix.Lstat(path, &st)
}

func open(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	return 0, unix.Close(fd)
}

func list(path string) (int, error) {
	entries, err := os.ReadDir(path)
	return len(entries), err
}

// spin computes for a moment, as a simulator does, without a file.
func spin(string) (int, error) {
	buf := make([]byte, 1<<20)
	sum := sha256.Sum256(buf)
	return int(sum[0]), nil
}

// clock formats seconds for people.
func clock(seconds float64) string {
	return time.Duration(seconds * 1e9).Round(time.Microsecond).String()
}

// missing is the first of the textures that no archive has.
const missing = 200_000

// opening starts a process that opens n missing textures of a mount at once, and that can be killed
// while it waits.
func opening(ctx context.Context, mountpoint string, n, parallel int) (stop func(), err error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, exe, roleFlag, "open", mountpoint, fmt.Sprint(n),
		fmt.Sprint(parallel))
	return func() { _, _ = cmd.Process.Kill(), cmd.Wait() }, cmd.Start()
}

// quickest returns the least p99 of several runs.
func quickest(rounds int, run func() (done, error)) (best float64, err error) {
	for range rounds {
		d, err := run()
		if err != nil {
			return 0, err
		}
		if best == 0 || d.p99 < best {
			best = d.p99
		}
	}
	return best, nil
}

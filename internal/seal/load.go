package seal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/xelpack/xelpack/internal/replay"
	"github.com/xelpack/xelpack/internal/serve"
	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// What the first load must keep to. X-Plane itself takes 30 seconds to five minutes for it.
const (
	loadWithin   = 5 * time.Minute
	answerWithin = time.Second // 99 of 100 opens, and 99 of 100 reads
	// mostLoaded is how many textures of it are asked for, evenly chosen. All would take as long as
	// the verification, and 99 of 100 are the same.
	mostLoaded = 1500
)

// firstLoad asks for what X-Plane loads around the departure, as fast as it is answered.
func (r *run) firstLoad(ctx context.Context) error {
	if len(r.flight.Paths) == 0 {
		r.note("there is no route, and so no first load to try")
		return nil
	}
	dir, err := os.MkdirTemp("", "xelpack-seal-")
	if err != nil {
		return err
	}
	// not RemoveAll: a mount that is still there must not be looked into
	defer func() {
		_ = os.Remove(filepath.Join(dir, traceName))
		_ = os.Remove(dir)
	}()
	if err := r.synthesise(ctx, filepath.Join(dir, traceName)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.within)
	defer cancel()
	if r.Installed {
		for _, p := range r.flight.Opened {
			if err := r.load(ctx, dir, p.Dir()); err != nil {
				return err
			}
		}
		return nil
	}
	if err := mount.InPlace(); err != nil {
		r.note(fmt.Sprintf("the first load was not tried: %v", err))
		return nil
	}
	mountpoint := filepath.Join(dir, "mount")
	if err := os.Mkdir(mountpoint, 0o700); err != nil {
		return err
	}
	defer func() { _ = os.Remove(mountpoint) }()
	var archives []mount.Archive
	for _, a := range r.archives {
		archives = append(archives, a)
	}
	end, err := serve.ClearWhenKilled(mountpoint)
	if err != nil {
		end = func() {}
	}
	defer end()
	fsys, err := mount.Mount(ctx, mountpoint, mount.Options{Scenery: r.Scenery, Archives: archives})
	if errors.Is(err, mount.ErrNoFUSE) {
		r.note(fmt.Sprintf("the first load was not tried: %v", err))
		return nil
	}
	if err != nil {
		return err
	}
	err = r.load(ctx, dir, mountpoint)
	left := fsys.Unmount(context.WithoutCancel(ctx))
	if errors.Is(left, mount.ErrBusy) {
		// It is out of everybody's way. A sandbox that was started meanwhile has a copy, perhaps.
		r.note(fmt.Sprintf("the mount that the first load was tried on: %v", left))
		left = nil
	}
	return errors.Join(err, left)
}

const traceName = "first.trace"

// synthesise writes the trace of a first load.
func (r *run) synthesise(ctx context.Context, file string) error {
	var textures []tiles.Texture
	for _, it := range r.flight.Items {
		textures = append(textures, it.Texture)
	}
	synth := trace.Synth{Path: r.flight.Paths[0], Textures: textures, Speed: 130, Limit: time.Second}
	var all, some []tiles.Texture
	for ev := range synth.Events() {
		if ev.Op == trace.OpOpen {
			all = append(all, ev.Texture)
		}
	}
	n := min(len(all), mostLoaded)
	for i := range n {
		some = append(some, all[i*len(all)/n])
	}
	synth.Textures = some
	r.report.FirstLoadOf = len(all)
	r.within = loadWithin * time.Duration(max(1, n)) / time.Duration(max(1, len(all)))
	_, _, err := trace.CreateSynth(ctx, file, []trace.Synth{synth})
	return err
}

// loading names the environment variable that is set in the process that replays.
const loading = "XELPACK_SEAL_LOAD"

// load replays the first load at a mountpoint, in another process: this one answers.
func (r *run) load(ctx context.Context, dir, mountpoint string) error {
	if os.Getenv(loading) != "" { // it would start itself again and again
		return errors.New("this program does not know the command replay")
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, exe, "replay", filepath.Join(dir, traceName), mountpoint,
		"--speed", "0", "--json")
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), loading+"=1")
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	errRun := cmd.Run()
	var report replay.Report
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			r.lacks(Slow, "", "", fmt.Sprintf("the first load was not answered within %s",
				units.Duration(r.within)))
			return nil
		}
		return fmt.Errorf("replay the first load: %w: %s", errors.Join(ctx.Err(), errRun), said.String())
	}
	r.report.FirstLoad = &report
	r.judge(report)
	return nil
}

// judge says what of a first load did not go as it must. What is missing, coverage has said.
func (r *run) judge(l replay.Report) {
	if n := l.Failed + l.Short; n > 0 {
		r.lacks(Slow, "", "", fmt.Sprintf("the first load: %s: %s",
			units.Plural(n, "request that failed"), units.Few(l.Errors)))
	}
	for _, of := range []struct {
		what string
		p99  float64
	}{{"opens", l.Open.P99}, {"reads", l.Read.P99}} {
		if of.p99 > answerWithin.Seconds() {
			r.lacks(Slow, "", "", fmt.Sprintf("the first load: one of 100 %s takes longer than %s, "+
				"more than %s", of.what, units.Seconds(of.p99), units.Duration(answerWithin)))
		}
	}
}

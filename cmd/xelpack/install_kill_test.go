package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/install/manifest"
	"github.com/xelpack/xelpack/internal/testing/filetest"
	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Installations, changes to another archive and takings-out, killed with SIGKILL at random moments:
// run again, they come to the same package as undisturbed ones; or it is taken out, and is the
// package that it was. internal/install ends them before every single change.
func TestKilledInstallsGoOn(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	dir := t.TempDir()
	scenery := filepath.Join(dir, "zzXEL_ortho")
	made, err := scenerytest.Make(scenery, scenerytest.Options{Limit: 40, AirportMax: -1, Real: 5})
	if err != nil {
		t.Fatal(err)
	}
	one, two := filepath.Join(dir, "one.mbtiles"), filepath.Join(dir, "two.mbtiles")
	packNoise(t, one, made.Textures[:30], 0)
	packNoise(t, two, made.Textures[3:], 20) // 17 are equal in both
	undo := []string{"uninstall", "--scenery", scenery}
	to := func(file string) []string { return []string{"install", "--switch", file, "--scenery", scenery} }
	files := func() map[string]string { return filetest.Tree(t, scenery) }

	if _, err := binary(); err != nil { // now: it takes its time
		t.Fatal(err)
	}
	// What each leads to, and how long it takes undisturbed.
	states := map[string]map[string]string{"": files()}
	took := make(map[string]time.Duration)
	verb := map[string][]string{"": undo, one: to(one), two: to(two)}
	for _, state := range []string{one, two, ""} {
		start := time.Now()
		if out, err := command(t.Context(), t, verb[state]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v %s", verb[state], err, out)
		}
		took[state] = time.Since(start)
		if now := files(); state != "" {
			states[state] = now
		} else if diff := cmp.Diff(states[""], now); diff != "" {
			t.Fatalf("taken out (-before +after):\n%s", diff)
		}
	}
	rng := rand.New(rand.NewPCG(27, 11))
	goals := []string{one, two, ""}
	kills, midst, at := 0, 0, ""
	for kills < 22 {
		goal := goals[rng.IntN(len(goals))]
		if goal == at {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rng.Float64()*0.9*float64(took[goal])))
		err := command(ctx, t, verb[goal]...).Run()
		cancel()
		if killed(err) {
			if _, err := os.Stat(filepath.Join(scenery, "textures", manifest.Folder, manifest.Next)); err == nil {
				midst++
			}
			if kills++; rng.IntN(3) > 0 && kills < 22 {
				at = "?" // on to whatever comes next, from the midst of this
				continue
			}
			if out, err := command(t.Context(), t, verb[goal]...).CombinedOutput(); err != nil {
				t.Fatalf("gone on with, %v: %v %s", verb[goal], err, out)
			}
		} else if err != nil {
			t.Fatal(err)
		}
		at = goal
		if diff := cmp.Diff(states[goal], files()); diff != "" {
			t.Fatalf("after %d kills, %q (-undisturbed +now):\n%s", kills, filepath.Base(goal), diff)
		}
	}
	if out, err := command(t.Context(), t, undo...).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if diff := cmp.Diff(states[""], files()); diff != "" {
		t.Errorf("taken out in the end (-before +after):\n%s", diff)
	}
	t.Logf("%d kills, %d of them with something begun; undisturbed, install takes %v, switch %v, uninstall %v", kills, midst, took[one], took[two], took[""])
}

func killed(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return errors.Is(err, context.DeadlineExceeded) // before it was started
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled()
}

// packNoise makes an archive of textures of 1024 px, of which no two are equal but across archives:
// those of the same name from the first on whose number is at least same.
func packNoise(t *testing.T, file string, textures []tiles.Texture, same int) {
	t.Helper()
	w, err := mbtiles.Create(t.Context(), file, mbtiles.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	l := dds.Layout{Format: dds.BC1, Side: 1024}
	enc := mbtiles.NewEncoder(mbtiles.None)
	for i, x := range textures {
		body := make([]byte, l.Size())
		h := l.Header()
		seed := fmt.Sprintf("%-32s", x.Name())
		if i < same {
			seed = fmt.Sprintf("%-32s", "other "+x.Name())
		}
		rand.NewChaCha8([32]byte([]byte(seed)[:32])).Read(body[copy(body, h[:]):])
		content, err := enc.Encode(body)
		if err == nil {
			err = w.Put(t.Context(), mbtiles.Record{Texture: x, Detail: 2, Chunks: 16}, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// binary builds the command once for the drills: a process to kill and to measure.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "xelpack-drill-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "xelpack")
	out, err := exec.Command("go", "build", "-o", file, ".").CombinedOutput()
	if err != nil {
		return "", errors.Join(err, errors.New(string(out)))
	}
	return file, nil
})

// testCache is an environment variable by which a test gives its commands a cache folder of their
// own.
const testCache = "XELPACK_TEST_CACHE"

// command is killed with SIGKILL when ctx ends.
func command(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	file, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, file, args...)
	// A drill leaves the user's own alone.
	cmd.Env = append(os.Environ(),
		"XDG_CACHE_HOME="+cmp.Or(os.Getenv(testCache), filepath.Join(filepath.Dir(file), "cache")))
	return cmd
}

func skipIfShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("a long drill: it runs in the plain pass, without -short")
	}
}

func farmServer(t *testing.T) *fetchtest.Server {
	t.Helper()
	server := fetchtest.NewServer(fetchtest.Options{Image: farmland()})
	t.Cleanup(server.Close)
	return server
}

// Twenty builds killed with SIGKILL at random moments and resumed: the archive equals that of an
// undisturbed build, and no texture that was committed is fetched again.
func TestKilledBuildsGoOn(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	server := farmServer(t)
	dir := t.TempDir()
	args := func(file string) []string {
		return []string{"build", "--bbox", "5.01,43.55,5.20,43.62", "--provider", server.Template(),
			"-o", file, "--json"}
	}
	clean := filepath.Join(dir, "clean.mbtiles")
	out, err := command(t.Context(), t, args(clean)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var report pack.Report
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	want := sharetest.Digest(t, clean)
	whole := time.Duration(report.ElapsedSeconds * float64(time.Second))
	t.Logf("undisturbed: %d textures in %v", report.Built, whole)

	rng := rand.New(rand.NewPCG(20, 26))
	kills := 0
	for round := 0; kills < 20; round++ {
		file := filepath.Join(dir, "killed.mbtiles")
		var skipped, built int
		for {
			committed := committedTextures(t, file)
			asked := watchServer(t, server)
			moment := time.Duration(rng.Float64() * 0.9 * float64(whole))
			if kills >= 20 {
				moment = time.Hour
			}
			ctx, cancel := context.WithTimeout(t.Context(), moment)
			out, err := command(ctx, t, args(file)...).Output()
			cancel()
			for _, tex := range committed {
				for _, c := range (tiles.Item{Texture: tex}).Chunks() {
					if asked(c) {
						t.Fatalf("%v of the committed %v was asked for again", c, tex)
					}
				}
			}
			if err == nil {
				if err := json.Unmarshal(out, &report); err != nil {
					t.Fatal(err)
				}
				skipped, built = report.Skipped, report.Built
				if skipped != len(committed) {
					t.Errorf("skipped %d textures, %d were committed", skipped, len(committed))
				}
				break
			}
			kills++
		}
		if got := sharetest.Digest(t, file); got != want {
			t.Fatalf("round %d: digest %s, undisturbed %s", round, got, want)
		}
		if skipped+built != report.Textures {
			t.Errorf("round %d: skipped %d, built %d of %d", round, skipped, built, report.Textures)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		left, _ := filepath.Glob(file + "*")
		if len(left) > 0 {
			t.Errorf("round %d leaves %v", round, left)
		}
	}
	t.Logf("%d builds killed", kills)
}

// watchServer returns what says whether the server was asked for a chunk from now on, when no
// client is at work.
func watchServer(t *testing.T, server *fetchtest.Server) func(tiles.Chunk) bool {
	t.Helper()
	if err := server.Settle(patience.For(t)); err != nil {
		t.Fatal(err)
	}
	var asked sync.Map
	server.SetFault(func(c tiles.Chunk, _ int) fetchtest.Fault {
		asked.Store(c, true)
		return fetchtest.Fault{}
	})
	return func(c tiles.Chunk) bool {
		_, ok := asked.Load(c)
		return ok
	}
}

// committedTextures returns what a killed build's .part holds, or the archive itself where the
// build was killed after it had put it in its place.
func committedTextures(t *testing.T, file string) []tiles.Texture {
	t.Helper()
	a, err := mbtiles.Open(t.Context(), file+".part")
	if errors.Is(err, os.ErrNotExist) {
		a, err = mbtiles.Open(t.Context(), file)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		// Killed before the first table was there: nothing is committed.
		if errors.Is(err, mbtiles.ErrNotArchive) {
			return nil
		}
		t.Fatal(err)
	}
	defer a.Close()
	var found []tiles.Texture
	for e := range a.All() {
		found = append(found, e.Texture)
	}
	return found
}

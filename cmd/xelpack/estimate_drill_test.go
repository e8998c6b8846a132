package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// estimateKind is a build that is estimated, and then done.
type estimateKind struct {
	name   string
	before [][]string // builds that are done beforehand
	args   []string
	far    bool // from the server that takes 40 ms to answer
}

const stored = "`--compress none`"

// estimateKinds are ten kinds of builds that plans were once wrong about by up to ten times.
func estimateKinds(box, half, small string) []estimateKind {
	return []estimateKind{
		{name: "as it is", args: []string{"--bbox", box}},
		{name: stored, args: []string{"--bbox", box, "--compress", "none"}},
		{name: "`--compress best`", args: []string{"--bbox", half, "--compress", "best"}},
		{name: "`--rate 200`", args: []string{"--bbox", small, "--rate", "200"}},
		{name: "enlarged", args: []string{"--bbox", half, "--provider", "shallow"}},
		{name: "the sample", args: []string{"--bbox", half, "--provider", "sample"}},
		{name: "all in the store", args: []string{"--bbox", box, "--keep-chunks", "1GB"},
			before: [][]string{{"--bbox", box, "--keep-chunks", "1GB", "-o", "kept.mbtiles"}}},
		{name: "half of it there", args: []string{"--bbox", box},
			before: [][]string{{"--bbox", half}}},
		{name: "a route, far textures less sharp",
			args: []string{"--route", "route.geojson", "--corridor", drill.Scale("50nm", "3nm"),
				"--zoom", drill.Scale("15", "13")}},
		{name: "40 ms away", args: []string{"--bbox", box}, far: true},
	}
}

// TestDrillEstimate: what a plan says beside what the build comes to, after one build from each
// server that has taught what it is like. In the reduced form what can be counted must be right; at
// full scale bytes and time as well, within 15 %.
func TestDrillEstimate(t *testing.T) {
	drill.SkipIfShort(t)
	// So many chunks that no two textures are equal, which would be stored once.
	side := drill.Scale[uint32](31, 17)
	imagery := fetchtest.Repeat(tiles.Chunk{Z: 16, X: 33660, Y: 23940}, side, fetch.Sample())
	for i := range side * side { // made now: a server that has yet to make them is slower
		if _, err := imagery.Fetch(t.Context(), tiles.Chunk{X: i % side, Y: i / side}); err != nil {
			t.Fatal(err)
		}
	}
	near, distant := fetchtest.NewServer(
		fetchtest.Options{Image: imagery, Latency: 20 * time.Millisecond}),
		fetchtest.NewServer(fetchtest.Options{Image: imagery, Latency: 40 * time.Millisecond})
	t.Cleanup(near.Close)
	t.Cleanup(distant.Close)
	dir := t.TempDir()
	config := filepath.Join(dir, "config", "xelpack")
	if err := os.MkdirAll(config, 0o777); err != nil {
		t.Fatal(err)
	}
	toml := fmt.Sprintf("[[provider]]\nid = \"shallow\"\ncode = \"SH\"\nname = "+
		"\"Shallow\"\ntemplate = %q\nmax_zl = 15\nlicence = \"none\"\nattribution = \"none\"\n",
		near.Template())
	if err := os.WriteFile(filepath.Join(config, "providers.toml"), []byte(toml),
		0o666); err != nil {
		t.Fatal(err)
	}
	route := `{"type":"LineString","coordinates":[[5.0,43.6,9000],[6.2,44.0,9000]]}`
	if err := os.WriteFile(filepath.Join(dir, "route.geojson"), []byte(route), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	run := func(args []string, result any) {
		t.Helper()
		cmd := command(t.Context(), t, args...)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		if err := json.Unmarshal(out, result); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
	build := func(k estimateKind, file string, more ...string) []string {
		server := near
		if k.far {
			server = distant
		}
		return append([]string{"build", "--json", "--provider", server.Template(), "-o", file},
			more...)
	}
	t.Setenv(testCache, filepath.Join(dir, "cache"))
	history := filepath.Join(dir, "cache", "xelpack", "rates.json")
	var learnt []byte
	if drill.Full() { // each server teaches once; what the kinds themselves teach is taken back
		const lesson = "4.61,43.55,4.86,43.68"
		for i, args := range [][]string{{}, {"--provider", "shallow"}, {"--provider", "sample"},
			{"--provider", distant.Template()}} {
			run(append(build(estimateKind{}, fmt.Sprintf("lesson%d.mbtiles", i), "--bbox", lesson),
				args...), new(pack.Report))
		}
		var err error
		if learnt, err = os.ReadFile(history); err != nil {
			t.Fatal(err)
		}
	}
	box, half, small := "5.01,43.55,5.33,43.75", "5.01,43.55,5.16,43.75", "5.01,43.55,5.12,43.62"
	if !drill.Full() {
		box, half, small = "5.01,43.55,5.12,43.56", "5.01,43.55,5.03,43.56", "5.01,43.55,5.03,43.56"
	}
	for i, k := range estimateKinds(box, half, small) {
		file := filepath.Join(dir, fmt.Sprintf("%d.mbtiles", i))
		for _, args := range k.before {
			run(build(k, file, args...), new(pack.Report))
		}
		if learnt != nil {
			if err := os.WriteFile(history, learnt, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		var e plan.Estimate
		run(append(build(k, file, k.args...), "--dry-run"), &e)
		asked := distinct(t, near, distant)
		var r pack.Report
		run(build(k, file, k.args...), &r)
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if r.State != pack.StateComplete || e.Requests != asked() {
			t.Errorf("%s: %d requests estimated, %d chunks asked for; %s", k.name, e.Requests,
				asked(), r.State)
		}
		off := func(said, was float64) float64 {
			if said == was {
				return 0
			}
			return 100 * (said/was - 1)
		}
		down, store, took := off(float64(e.DownloadBytes),
			float64(r.BytesDownloaded)), off(float64(e.StoreBytes), float64(info.Size())),
			off(e.Seconds, r.ElapsedSeconds)
		if k.name == stored && math.Abs(store) > 3 { // nothing about it is a guess but the previews
			t.Errorf("%s: archive of %d bytes estimated, has %d", k.name, e.StoreBytes, info.Size())
		}
		met := math.Abs(down) <= 15 && math.Abs(store) <= 15 && math.Abs(took) <= 15
		drill.Row(t, fmt.Sprintf("estimate of %d textures, %s", e.Textures, k.name), "within 15 %",
			fmt.Sprintf(
				"download %s of %s (%+.0f %%), archive %s of %s (%+.0f %%), %.1f of %.1f s "+
					"(%+.0f %%)",
				units.Bytes(e.DownloadBytes), units.Bytes(r.BytesDownloaded), down,
				units.Bytes(e.StoreBytes), units.Bytes(
					info.Size()), store, e.Seconds, r.ElapsedSeconds, took), met)
	}
}

// distinct returns what counts the chunks that the servers are asked for from now on, each once
// however often it is asked for again, when no client is at work.
func distinct(t *testing.T, servers ...*fetchtest.Server) func() int {
	t.Helper()
	var seen []func() int
	for _, s := range servers {
		if err := s.Settle(patience.For(t)); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		asked := map[tiles.Chunk]bool{}
		s.SetFault(func(c tiles.Chunk, _ int) fetchtest.Fault {
			mu.Lock()
			defer mu.Unlock()
			asked[c] = true
			return fetchtest.Fault{}
		})
		seen = append(seen, func() int {
			mu.Lock()
			defer mu.Unlock()
			return len(asked)
		})
	}
	return func() (n int) {
		for _, count := range seen {
			n += count()
		}
		return n
	}
}

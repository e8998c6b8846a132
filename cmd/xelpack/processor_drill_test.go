//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/process"
	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// mosaicOf is a source of remembered ones.
type mosaicOf struct {
	*fetchtest.Remembered
	layers []fetch.Source
}

func (m mosaicOf) Sources() []fetch.Source { return m.layers }

// aloneVariable makes TestDrillProcessorTime a process that decodes, encodes and packs what the
// build of those arguments asks for, and prints the processor time that this took in seconds.
const aloneVariable = "XELPACK_TEST_ALONE"

func alone(t *testing.T, args []string) {
	var o buildOptions
	f := pflag.NewFlagSet("build", pflag.ContinueOnError)
	registerSelection(f, &o.Selection)
	registerImagery(f, &o.Imagery)
	o.making.register(f)
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	o.Output = filepath.Join(t.TempDir(), "alone.mbtiles")
	p, err := o.make(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	source, err := p.Options.Imagery.Open(t.Context(), p.Provider,
		fetch.ClientOptions{Timeout: 5 * time.Minute}, func(note string) { t.Log(note) })
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	memory := mosaicOf{Remembered: fetchtest.Remember(source)}
	for _, l := range source.Sources() {
		memory.layers = append(memory.layers, fetchtest.Remember(l))
	}
	build := func() time.Duration {
		began := process.Time()
		pipeline := pack.New(pack.Options{
			Quality: p.Options.Making.Quality, Compression: p.Options.Making.Compression,
		}.From(memory, p.Provider))
		defer func() { _ = pipeline.Close() }()
		w, err := mbtiles.Create(t.Context(), o.Output, mbtiles.WriterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := pack.Build(t.Context(), pipeline, w,
			pack.Job{Items: p.Items, Provider: p.Provider.ID})
		if err != nil || r.State != pack.StateComplete || r.Built != len(p.Items) {
			t.Fatalf("%v: %+v", err, r)
		}
		return process.Time() - began
	}
	build() // asks for everything
	if err := os.Remove(o.Output); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\nalone %f\n", build().Seconds())
}

// TestDrillProcessorTime: the processor time, user's and system's, of whole builds over HTTP/1.1
// from a server in another process, beside that of decoding, encoding and packing the same bodies
// out of memory. Builds take turns, and of each the least of some rounds counts: what others do on
// the machine only adds.
func TestDrillProcessorTime(t *testing.T) {
	if args := os.Getenv(aloneVariable); args != "" {
		alone(t, strings.Split(args, "\n"))
		return
	}
	drill.SkipUnlessFull(t, "it compares times")
	const across, down = 8, 8 // as many textures as a short flight
	bbox, column := mosaicBox(across, down)
	server := farmServer(t)
	dir := t.TempDir()
	toml := ""
	for id, px := range map[string]int{"chunks": 256, "other": 256, "tiles": 512, "blocks": 2048} {
		template := server.Template()
		if px > tiles.ChunkPixels {
			template = fmt.Sprintf("%s/tiles/%d/{z}/{x}/{y}.jpg", server.URL(), px)
		}
		toml += fmt.Sprintf("[[provider]]\nid = %q\ntemplate = %q\ntile_px = %d\n"+
			"licence = \"CC0\"\nmax_zl = 18\n", id, template, px)
	}
	// Its edge runs through the middle of every second texture.
	zones, _ := json.Marshal(map[string]any{"type": "FeatureCollection",
		"features": []any{zone("other", 0, column(across*0.25))}})
	for name, text := range map[string]string{
		"xelpack/providers.toml": toml, "zones.geojson": string(zones),
	} {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("XDG_CONFIG_HOME", dir)

	kinds := []struct {
		name string
		args []string
		most float64 // that a whole build may take, of alone
	}{
		{"256 px chunks, --no-store", []string{"--provider", "chunks", "--no-store"}, 1.25},
		{"256 px chunks", []string{"--provider", "chunks"}, 1.25},
		{"256 px chunks, --keep-chunks", []string{"--provider", "chunks", "--keep-chunks", "10GB"}, 1.25},
		{"a blended mosaic of 256 px chunks", []string{"--provider", "chunks", "--provider-map",
			filepath.Join(dir, "zones.geojson"), "--no-store"}, 1.25},
		{"512 px tiles", []string{"--provider", "tiles", "--no-store"}, 1.25},
		{"2,048 px blocks", []string{"--provider", "blocks", "--no-store"}, 1.1},
	}
	whole, least, elapsed := make([][]float64, len(kinds)), make([][]float64, len(kinds)), make([][]float64, len(kinds))
	const textures = float64(across * down)
	per := func(seconds []float64) float64 { return 1000 * slices.Min(seconds) / textures }
	for round := range 3 {
		for i, k := range kinds {
			args := append([]string{"--bbox", bbox, "--maptype", "XP"}, k.args...)
			if slices.Contains(args, "--no-store") {
				// First: the server has to make what it serves.
				least[i] = append(least[i], runAlone(t, args))
			} else { // alone it is the first kind
				least[i] = least[0]
			}
			seconds, took := runWhole(t, args, 4*across*down)
			whole[i], elapsed[i] = append(whole[i], seconds), append(elapsed[i], took)
			t.Logf("round %d, %s: %.0f of %.0f ms a texture", round+1, k.name, per(whole[i]),
				per(least[i]))
		}
	}
	for i, k := range kinds {
		got, of := per(whole[i]), per(least[i])
		drill.Row(t, "processor time of a build of "+k.name+", beside decoding, encoding and packing",
			fmt.Sprintf("at most %.2f", k.most),
			fmt.Sprintf("%.2f (%.0f of %.0f ms a texture)", got/of, got, of), got <= k.most*of)
	}
	for _, of := range []struct {
		what string
		took [][]float64
	}{{"processor time", whole}, {"elapsed time", elapsed}} {
		chunks, blocks := per(of.took[0]), per(of.took[len(kinds)-1])
		drill.Row(t, of.what+" of a build of 2,048 px blocks beside 256 px chunks", "not slower",
			fmt.Sprintf("%.2f (%.0f of %.0f ms a texture)", blocks/chunks, blocks, chunks), blocks <= chunks)
	}
}

// runWhole builds, and returns the processor time of it and how long it took.
func runWhole(t *testing.T, args []string, requests int64) (seconds, took float64) {
	t.Helper()
	work := t.TempDir()
	cmd := command(t.Context(), t, append([]string{"build", "-o",
		filepath.Join(work, "a.mbtiles"), "--json", "--timeout", "5m"}, args...)...)
	cmd.Env = append(cmd.Env, "XDG_CACHE_HOME="+work) // nothing is there of the last round
	begun := time.Now()
	out, err := cmd.Output()
	took = time.Since(begun).Seconds()
	var r pack.Report
	if err = errors.Join(err, json.Unmarshal(out, &r)); err != nil || r.Requests < requests {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.RemoveAll(work); err != nil {
		t.Fatal(err)
	}
	return (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), took
}

func runAlone(t *testing.T, args []string) (seconds float64) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestDrillProcessorTime$")
	cmd.Env = append(os.Environ(), aloneVariable+"="+strings.Join(args, "\n"),
		"XDG_CACHE_HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, text, _ := strings.Cut(string(out), "\nalone ")
	text, _, _ = strings.Cut(text, "\n")
	if seconds, err = strconv.ParseFloat(text, 64); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return seconds
}

//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/port"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// dying is a server that dies for a while, at an address that stays.
type dying struct {
	t       *testing.T
	options fetchtest.Options
	after   int64         // requests before it dies
	lasts   time.Duration // 0: until it is revived
	silent  bool          // it takes requests and answers none; otherwise nobody is there

	otherwise fetchtest.Faults // how it answers while it lives; nil: without faults

	asked atomic.Int64
	once  sync.Once
	back  sync.Once
	dead  atomic.Bool

	mu      sync.Mutex
	server  *fetchtest.Server
	restart *time.Timer
}

func (d *dying) start() {
	d.options.Fault, d.options.Addr = d.fault, fmt.Sprint("127.0.0.1:", port.Free(d.t))
	d.server = fetchtest.NewServer(d.options)
	d.t.Cleanup(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.server != nil {
			d.server.Close()
		}
		if d.restart != nil {
			d.restart.Stop()
		}
	})
}

func (d *dying) fault(c tiles.Chunk, attempt int) fetchtest.Fault {
	if d.asked.Add(1) > d.after {
		d.once.Do(func() { go d.die() })
	}
	if d.silent && d.dead.Load() {
		return fetchtest.Fault{Kind: fetchtest.Stall}
	}
	if d.otherwise != nil {
		return d.otherwise(c, attempt)
	}
	return fetchtest.Fault{}
}

func (d *dying) die() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead.Store(true)
	if !d.silent {
		d.server.Close()
		d.server = nil
	}
	if d.lasts > 0 {
		d.restart = time.AfterFunc(d.lasts, d.revive)
	}
}

func (d *dying) revive() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead.Store(false)
	if d.server == nil {
		d.server = fetchtest.NewServer(d.options)
	}
}

// hear revives a server whose outage has no length once a build says that it waits: one that is
// late would miss an outage of a few seconds.
func (d *dying) hear(stderr string) {
	if d.lasts == 0 && strings.Contains(stderr, "waiting: ") {
		d.back.Do(d.revive)
	}
}

// messages calls hear with all of them, each time that there are more.
type messages struct {
	strings.Builder
	hear func(string)
}

func (m *messages) Write(p []byte) (int, error) {
	n, err := m.Builder.Write(p)
	m.hear(m.String())
	return n, err
}

// runCommand runs the command and returns what it printed and its exit code.
func runCommand(ctx context.Context, t *testing.T,
	args ...string) (report pack.Report, stderr string, code int) {
	t.Helper()
	return runHeard(ctx, t, func(string) {}, args...)
}

// runHeard is runCommand for who wants to hear of messages at once.
func runHeard(ctx context.Context, t *testing.T, hear func(string),
	args ...string) (report pack.Report, stderr string, code int) {
	t.Helper()
	cmd := command(ctx, t, args...)
	said := messages{hear: hear}
	cmd.Stderr = &said
	out, err := cmd.Output()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if len(out) > 0 {
		if err := json.Unmarshal(out, &report); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return report, said.String(), cmd.ProcessState.ExitCode()
}

// outageBuild is a build of a thousand chunks or more that takes a few seconds.
func outageBuild(template, file string, more ...string) []string {
	return append([]string{"build", "--bbox",
		drill.Scale("5.01,43.55,5.20,43.62", "5.01,43.55,5.12,43.62"), "--provider", template, "-o",
		file, "--json"}, more...)
}

func undisturbed(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "clean.mbtiles")
	if _, stderr, code := runCommand(t.Context(), t,
		outageBuild(farmServer(t).Template(), file)...); code != exitDone {
		t.Fatalf("code %d: %s", code, stderr)
	}
	return sharetest.Digest(t, file)
}

// TestDrillOutage: the server is dead for a while in the middle of a build, in two ways. The build
// waits, says so, goes on, and nothing shows.
func TestDrillOutage(t *testing.T) {
	drill.SkipIfShort(t)
	t.Parallel() // it mostly waits
	want := undisturbed(t)
	lasts := drill.Scale(3*time.Minute, 0)
	for _, silent := range []bool{false, true} {
		name := map[bool]string{false: "nobody there", true: "silent"}[silent]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &dying{t: t, options: fetchtest.Options{Image: farmland()}, after: 400,
				lasts: lasts, silent: silent}
			server.start()
			file := filepath.Join(t.TempDir(), "a.mbtiles")
			args := outageBuild(server.server.Template(), file)
			if silent && !drill.Full() {
				args = append(args, "--timeout", "3s")
			}
			r, stderr, code := runHeard(t.Context(), t, server.hear, args...)
			if code != exitDone || r.State != pack.StateComplete || r.Chunks.Failed > 0 {
				t.Fatalf("code %d, %+v: %s", code, r, stderr)
			}
			equal := sharetest.Digest(t, file) == want
			if !equal {
				t.Error("the archive differs from an undisturbed one")
			}
			said := strings.Count(stderr, "waiting: "+server.options.Addr) == 1 &&
				strings.Count(stderr, "answers again after") == 1
			if !said {
				t.Errorf("it is not said, or not once: %s", stderr)
			}
			drill.Row(t, fmt.Sprintf("server dead for %v (%s)", lasts, name),
				"waits, says so, goes on; equal archive",
				fmt.Sprintf("exit %d after %.0f s, said: %t, equal: %t, %d failed", code,
					r.ElapsedSeconds, said, equal, r.Chunks.Failed), said && equal)
		})
	}
}

// TestDrillOutageForGood: the server dies in the middle of a build and stays dead. The build ends,
// what is there verifies, and the same command finishes it when the server is back.
func TestDrillOutageForGood(t *testing.T) {
	drill.SkipIfShort(t)
	t.Parallel()
	want := undisturbed(t)
	server := &dying{t: t, options: fetchtest.Options{Image: farmland()},
		after: drill.Scale[int64](1000, 400)}
	server.start()
	file := filepath.Join(t.TempDir(), "a.mbtiles")
	args := outageBuild(server.server.Template(), file, "--patience", drill.Scale("60s", "4s"))
	r, stderr, code := runCommand(t.Context(), t, args...)
	if code != exitHoles && code != exitFailed {
		t.Fatalf("code %d, %+v: %s", code, r, stderr)
	}
	if !strings.Contains(stderr, "hint: ") || !strings.Contains(stderr, "does not answer") {
		t.Errorf("it is not said what happened and what to do: %s", stderr)
	}
	left := file + ".part"
	if code == exitHoles {
		left = file
	}
	sharetest.Digest(t, left) // fails the test unless it verifies
	server.revive()
	again, stderr2, code2 := runCommand(t.Context(), t, args...)
	if code2 != exitDone || again.State != pack.StateComplete {
		t.Fatalf("the resume: code %d, %+v: %s", code2, again, stderr2)
	}
	equal := sharetest.Digest(t, file) == want
	if !equal {
		t.Error("the archive differs from an undisturbed one")
	}
	drill.Row(t, "server dead for good", "exit 3 or 1, a valid archive, a resume that finishes",
		fmt.Sprintf("exit %d after %.0f s, verifies; resume: exit %d, %d textures kept, equal: %t",
			code, r.ElapsedSeconds, code2, again.Skipped, equal), equal)
}

// TestDrillProcessorIsTheLimit: with encoding on, a server that takes 40 ms costs a build no more
// time than one that takes none.
func TestDrillProcessorIsTheLimit(t *testing.T) {
	drill.SkipUnlessFull(t, "it compares times")
	const box = "7.0,43.5,8.29,44.17" // some 50,000 chunks
	var seconds, busy [2]float64
	var chunks int64
	for i, latency := range []time.Duration{0, 40 * time.Millisecond} {
		server := fetchtest.NewServer(fetchtest.Options{Image: farmland(), Latency: latency})
		before := processorTime(t, syscall.RUSAGE_SELF)
		cmd := command(t.Context(), t, "build", "--bbox", box, "--provider", server.Template(),
			"-o", filepath.Join(t.TempDir(), "a.mbtiles"), "--json", "--concurrency", "256")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var r pack.Report
		if err := json.Unmarshal(out, &r); err != nil {
			t.Fatal(err)
		}
		cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime() +
			processorTime(t, syscall.RUSAGE_SELF) - before
		seconds[i], busy[i], chunks = r.ElapsedSeconds, cpu.Seconds()/r.ElapsedSeconds, r.Chunks.OK
		server.Close()
	}
	drill.Row(t, fmt.Sprintf("%d chunks, encoding on, 256 at once: time at 40 ms beside 0 ms",
		chunks), "processors are the limit",
		fmt.Sprintf("%.1f s, %.1f s; %.2f and %.2f processors busy, server included", seconds[1],
			seconds[0], busy[1], busy[0]), seconds[1] <= 1.05*seconds[0])
}

func processorTime(t *testing.T, who int) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestDrillMemoryOfALongBuild: peak memory of a build of 10,000 chunks and of one of 500,000, with
// a chunk store that evicts.
func TestDrillMemoryOfALongBuild(t *testing.T) {
	drill.SkipUnlessFull(t, "TestMemoryOfAFullBuild and TestDrillMemory are its reduced form")
	server := farmServer(t)
	var peak, count [2]float64
	for i, box := range []string{"7.0,43.5,7.49,43.8", "2.0,43.0,6.4,45.3"} {
		cmd := command(t.Context(), t, "build", "--bbox", box, "--provider", server.Template(),
			"-o", filepath.Join(t.TempDir(), "a.mbtiles"), "--json",
			"--quality", "fast", "--keep-chunks", "100MB")
		cmd.Env = append(cmd.Env, "XDG_CACHE_HOME="+t.TempDir())
		var out strings.Builder
		cmd.Stdout = &out
		bytes, err := drill.PeakMemory(cmd)
		if err != nil {
			t.Fatal(err)
		}
		var r pack.Report
		if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
			t.Fatal(err)
		}
		peak[i], count[i] = float64(bytes)/1e6, float64(r.Chunks.OK)
		t.Logf("%.0f chunks: %.0f MB, %.0f s", count[i], peak[i], r.ElapsedSeconds)
	}
	drill.Row(t, fmt.Sprintf("peak memory of a build of %.0f chunks beside %.0f", count[1],
		count[0]), "within 10 %",
		fmt.Sprintf("%+.1f %% (%.0f MB, %.0f MB)", 100*(peak[1]/peak[0]-1), peak[1],
			peak[0]), peak[1] <= 1.1*peak[0])
}

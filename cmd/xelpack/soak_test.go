//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/soak"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	// soakVariable in the environment is how long the soak runs, such as 30m.
	soakVariable = "XELPACK_SOAK"
	// countedVariable makes the test binary be the xelpack command, and say on descriptor 3 how
	// many goroutines it has.
	countedVariable = "XELPACK_COUNTED"

	soakDeadline = 5 * time.Second
	soakCache    = 256 << 20
)

// counted runs xelpack as the command line of the process says, if it was started for that.
func counted() {
	if os.Getenv(countedVariable) == "" {
		return
	}
	out := os.NewFile(3, "goroutines")
	go func() {
		for {
			if _, err := fmt.Fprintln(out, runtime.NumGoroutine()); err != nil {
				return
			}
			time.Sleep(200 * time.Millisecond)
		}
	}()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// TestMountUnderLoad lets the whole command serve a world of textures in a process of its own.
func TestMountUnderLoad(t *testing.T) {
	mounttest.NeedFUSE(t)
	skipIfShort(t)
	t.Parallel()
	textures := 20_000
	if os.Getenv(soakVariable) != "" {
		textures = 100_000
	}
	file := filepath.Join(t.TempDir(), "world.mbtiles")
	world, err := soak.MakeWorld(t.Context(), file,
		soak.WorldOptions{Textures: textures, Source: farmland()})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("soak", func(t *testing.T) { testSoak(t, world, file) })
	t.Run("killed", func(t *testing.T) { testKilled(t, world, file) })
}

// testSoak loads the mount like X-Plane does, with a provider that has faults and outages, and
// compares every byte: no read short, wrong or failed, no answer later than a second after the
// deadline, and in the end no more goroutines and descriptors than at the beginning. `make soak`
// runs it for 30 minutes over 100,000 textures and prints the report.
func testSoak(t *testing.T, world *soak.World, file string) {
	// A test among others says nothing about time: a live texture may take a minute there, where a
	// mount gives a stand-in after seconds.
	duration, pace, deadline, grace := 3*time.Second, time.Second, time.Minute, time.Minute
	if s := os.Getenv(soakVariable); s != "" {
		var err error
		if duration, err = time.ParseDuration(s); err != nil {
			t.Fatalf("%s: %v", soakVariable, err)
		}
		pace, deadline, grace = 5*time.Second, soakDeadline, time.Second
	}
	server := farmServer(t)
	server.SetFault(troubled(time.Now()))
	mnt, cache := t.TempDir(), t.TempDir()
	m := startCounted(t, mnt, "mount", file, mnt, "--live", "any", "--provider", server.Template(),
		"--no-store",
		"--deadline", deadline.String(), "--memory-cache", strconv.Itoa(soakCache)+"B",
		"--disk-cache", "1GB", "--cache-dir", cache)
	report := soak.Run(t.Context(), soak.Config{
		World: world, Dir: mnt, Server: m.cmd.Process.Pid, Goroutines: m.goroutines,
		Deadline: deadline, Grace: grace, Duration: duration, Pace: pace, Seed: uint64(duration),
		Wrong: func(x tiles.Texture, err error) { t.Errorf("%v: %v", x, err) },
		Said: func(r soak.Report) {
			t.Logf("%d bursts, %d archived, %d live, %d stand-ins, %d wrong, %s", r.Bursts,
				r.Archived, r.Live, r.StandIns, r.Failed, units.Bytes(r.Most.RSS))
		},
	})
	m.end(t, mnt)
	verifyCaches(t, cache)
	var text strings.Builder
	report.Write(&text)
	t.Logf("memory cache limit %s; loopback provider: %d requests\n%s", units.Bytes(soakCache),
		server.Stats().Requests, &text)
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	if report.Live == 0 {
		t.Error("no live texture was read")
	}
	if most := int64(300e6) + soakCache; report.Most.RSS > most {
		t.Errorf("memory %s, want at most %s", units.Bytes(report.Most.RSS), units.Bytes(most))
	}
}

// troubled is a provider of the usual kind: some answers are useless the first time, some slow,
// some pieces of ground have no imagery at all, and every few minutes it is away for a while.
func troubled(start time.Time) fetchtest.Faults {
	first := fetchtest.FirstOf(40, fetchtest.ServerError, fetchtest.Truncated, fetchtest.HTML,
		fetchtest.Empty, fetchtest.TooMany, fetchtest.Reset)
	return func(c tiles.Chunk, attempt int) fetchtest.Fault {
		if since := time.Since(start) % (4 * time.Minute); since > 3*time.Minute &&
			since < 3*time.Minute+20*time.Second {
			return fetchtest.Fault{Kind: fetchtest.Stall}
		}
		switch h := (c.X*2654435761 ^ c.Y*40503) >> 7; {
		case c.X/16%41 == 0:
			return fetchtest.Fault{Kind: fetchtest.NotFound}
		case h%500 == 0:
			return fetchtest.Fault{Delay: 500 * time.Millisecond}
		case h%1500 == 1 && attempt == 0:
			return fetchtest.Fault{Kind: fetchtest.Stall}
		}
		return first(c, attempt)
	}
}

// countedMount is a mount in another process.
type countedMount struct {
	cmd   *exec.Cmd
	count atomic.Int64
	log   string // the file of its messages
}

// startCounted starts xelpack with args and returns once it has mounted at dir.
func startCounted(t *testing.T, dir string, args ...string) *countedMount {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	counts, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	m := &countedMount{log: log.Name(),
		cmd: exec.CommandContext(context.WithoutCancel(t.Context()), exe, args...)}
	m.cmd.Env = append(os.Environ(), countedVariable+"=1", "XDG_CACHE_HOME="+t.TempDir())
	m.cmd.ExtraFiles = []*os.File{out}
	m.cmd.Stderr = log
	err = m.cmd.Start()
	out.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.cmd.Process.Kill()
		m.cmd.Wait()
		// there is nothing to unmount unless the test has failed
		exec.Command("umount", "-l", dir).Run()
		counts.Close()
	})
	go func() {
		for lines := bufio.NewScanner(counts); lines.Scan(); {
			if n, err := strconv.ParseInt(lines.Text(), 10, 64); err == nil {
				m.count.Store(n)
			}
		}
	}()
	for end := time.Now().Add(patience.For(t)); ; time.Sleep(10 * time.Millisecond) {
		if present(filepath.Join(dir, "textures")) && m.count.Load() > 0 {
			return m
		}
		if time.Now().After(end) {
			t.Fatalf("it did not mount:\n%s", m.said())
		}
	}
}

// said is the end of its messages.
func (m *countedMount) said() string {
	text, _ := os.ReadFile(m.log)
	return string(text[max(0, len(text)-4000):])
}

func (m *countedMount) goroutines() int { return int(m.count.Load()) }

// end interrupts the mount, which must then end well.
func (m *countedMount) end(t *testing.T, dir string) {
	t.Helper()
	m.cmd.Process.Signal(syscall.SIGTERM)
	if err := m.cmd.Wait(); err != nil {
		t.Errorf("the mount ended with %v:\n%s", err, m.said())
	}
	if present(filepath.Join(dir, "textures")) {
		t.Error("it is still mounted")
	}
}

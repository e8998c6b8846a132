//go:build linux

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/soak"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	serverKills = 20
	readerKills = 10 // for each of those
)

// testKilled kills 200 readers of archived and live textures at random moments, and 20 times the
// server, with readers at work: nobody hangs, the next mount comes up over what the last has left,
// what it serves is right, and the disk cache is whole.
func testKilled(t *testing.T, world *soak.World, file string) {
	provider := farmServer(t)
	provider.SetFault(func(c tiles.Chunk, _ int) fetchtest.Fault {
		return fetchtest.Fault{Delay: time.Duration(c.X*c.Y%40) * time.Millisecond}
	})
	mnt, cache := t.TempDir(), t.TempDir()
	args := []string{"mount", file, mnt, "--live", "any", "--provider", provider.Template(),
		"--deadline", "5s", "--disk-cache", "5GB", "--cache-dir", cache}
	// Every reader has more to read than it will live for, a live texture among the first: of a
	// few, so that some are made in the end.
	const readAtOnce, first = 1500, 40
	var missing []tiles.Texture
	rng := rand.New(rand.NewPCG(200, 20))
	for len(missing) < 8 {
		x := world.Random(rng, 1)[0]
		if _, live := world.File(x); live {
			missing = append(missing, x)
		}
	}
	some := func() []tiles.Texture {
		textures := world.Random(rng, readAtOnce)
		textures[rng.IntN(first)] = missing[rng.IntN(len(missing))]
		return textures
	}
	var killed atomic.Int64
	for round := range serverKills {
		m := startCounted(t, mnt, args...)
		var readers sync.WaitGroup
		for range readerKills {
			r := startReader(t, mnt, some())
			moment := time.Duration(rng.IntN(40)) * time.Millisecond
			readers.Go(func() {
				if r.killAfter(t, moment) {
					killed.Add(1)
				}
			})
		}
		readers.Wait()
		last := startReader(t, mnt, some())
		time.Sleep(time.Duration(rng.IntN(30)) * time.Millisecond)
		m.cmd.Process.Kill()
		m.cmd.Wait()
		last.killAfter(t, patience.For(t)) // it fails, and does not hang
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	t.Logf("%d readers killed in mid-read, the server %d times", killed.Load(), serverKills)
	m := startCounted(t, mnt, args...)
	for _, x := range some()[:first] {
		want, live := world.File(x)
		got, err := exec.Command("cat", filepath.Join(mnt, "textures", x.File())).Output()
		if err != nil || len(got) != len(want) || !live && !bytes.Equal(got, want) {
			t.Errorf("%v after all: %d bytes, want %d; equal %v; %v", x, len(got), len(want),
				bytes.Equal(got, want), err)
		}
	}
	m.end(t, mnt)
	verifyCaches(t, cache)
}

// reader is a process that reads files.
type reader struct {
	cmd  *exec.Cmd
	done chan error
}

func startReader(t *testing.T, mnt string, textures []tiles.Texture) *reader {
	t.Helper()
	var paths []string
	for _, x := range textures {
		paths = append(paths, filepath.Join(mnt, "textures", x.File()))
	}
	r := &reader{cmd: exec.Command("cat", paths...), done: make(chan error, 1)}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { r.done <- r.cmd.Wait() }()
	return r
}

// killAfter lets the reader read for a while and kills it, unless it is done before, and reports
// whether it did. The reader must then be gone soon.
func (r *reader) killAfter(t *testing.T, moment time.Duration) bool {
	select {
	case <-r.done:
		return false
	case <-time.After(moment):
	}
	r.cmd.Process.Signal(syscall.SIGKILL)
	select {
	case <-r.done:
	case <-time.After(patience.For(t)):
		t.Errorf("reader %d is still there after SIGKILL", r.cmd.Process.Pid)
	}
	return true
}

// verifyCaches reads every archive below dir whole.
func verifyCaches(t *testing.T, dir string) {
	t.Helper()
	found := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() ||
			filepath.Ext(strings.TrimSuffix(path, ".part")) != ".mbtiles" {
			return err
		}
		found++
		a, err := mbtiles.Open(t.Context(), path)
		if err != nil {
			return err
		}
		defer a.Close()
		r, err := a.Verify(t.Context(), mbtiles.VerifyOptions{})
		if err == nil && !r.OK {
			err = fmt.Errorf("%s does not verify: %v", path, r.Problems)
		}
		t.Logf("%s: %d textures", path, r.Textures)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if found == 0 {
		t.Error("there is no disk cache")
	}
}

package mbtiles

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/pkg/dds"
)

// The test binary runs itself again as another process: see child.
const (
	childVar = "XELPACK_TEST_CHILD" // what it is to do
	pathVar  = "XELPACK_TEST_PATH"
)

// drillTextures is how many textures the build of the drills has: two layouts, some repeated, and
// two zoom levels, so that there are fills.
const drillTextures = 30

func drillTexture(i int) (name string, file []byte) {
	l := dds.Layout{Format: dds.BC1, Side: []int{256, 512}[i%2]}
	zl := 12
	if i == drillTextures-1 {
		zl = 13
	}
	return fmt.Sprintf("%d_%d_BI%d", 16*(i/8), 16*(i%8), zl), ddsFile(l, uint64(i%20))
}

// drillBuild builds what is missing of the drill's archive, and says what is committed.
func drillBuild(ctx context.Context, path string) error {
	w, err := Create(ctx, path, WriterOptions{CommitBytes: 400 << 10})
	if errors.Is(err, ErrExists) {
		return nil
	}
	if err != nil {
		return err
	}
	defer w.Close()
	enc := NewEncoder(Fast)
	for i := range drillTextures {
		name, file := drillTexture(i)
		rec := Record{Texture: mustParse(name), Chunks: 256}
		if _, ok := w.Has(rec.Key()); ok {
			continue
		}
		content, err := enc.Encode(file)
		if err == nil {
			fmt.Println("put", name)
			err = w.Put(ctx, rec, content)
		}
		if err == nil && i%4 == 3 {
			if err = w.flush(ctx); err == nil {
				fmt.Println("committed up to", i)
			}
		}
		if err != nil {
			return err
		}
	}
	fmt.Println("prepare to finish")
	return errors.Join(w.Finish(ctx, map[string]string{"plan": "drill"}), w.Close())
}

// child is what the test binary does in a process of its own.
func child(what string) error {
	ctx := context.Background()
	path := os.Getenv(pathVar)
	if name, ok := strings.CutPrefix(what, "drill "); ok {
		return drillChild(ctx, name, path)
	}
	switch what {
	case "build":
		return drillBuild(ctx, path)
	case "hold": // until it is killed
		w, err := Create(ctx, path, WriterOptions{})
		if err != nil {
			return err
		}
		defer w.Close()
		fmt.Println("holding")
		time.Sleep(time.Hour)
	case "limited":
		return limitedBuild(ctx, path)
	}
	return fmt.Errorf("unknown child %q", what)
}

// spawn starts a child and returns it with its standard output.
func spawn(t *testing.T, what, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVar+"="+what, pathVar+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// Builds killed at random moments, finishing included, and gone on with give the archive of an
// undisturbed build, and nothing that was committed is lost.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("kills 20 builds: a drill for the full suite")
	}
	undisturbed := filepath.Join(t.TempDir(), "a.mbtiles")
	if killed, _ := runBuild(t, undisturbed, -1, 0); killed {
		t.Fatal("nobody killed it")
	}
	want := openAt(t, undisturbed)
	wantDigest, wantTiles := mustVerify(t, want).Digest, allTiles(t, want)

	rng := rand.New(rand.NewPCG(1, 2))
	kills, builds := 0, 0
	for ; kills < 20; builds++ {
		path := filepath.Join(t.TempDir(), "a.mbtiles")
		committed := -1
		for {
			killed, last := runBuild(t, path, rng.IntN(8), time.Duration(rng.IntN(100))*time.Millisecond)
			committed = max(committed, last)
			if !killed {
				break
			}
			kills++
			if committed >= 0 {
				checkCommitted(t, path, committed)
			}
		}
		a := openAt(t, path)
		if got := mustVerify(t, a).Digest; got != wantDigest {
			t.Errorf("digest %s, want %s", got, wantDigest)
		}
		if diff := cmp.Diff(wantTiles, allTiles(t, a)); diff != "" {
			t.Errorf("previews (-want +got):\n%.1000s", diff)
		}
		if diff := cmp.Diff([]string{"a.mbtiles"}, files(t, filepath.Dir(path))); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	}
	t.Logf("%d kills in %d builds", kills, builds)
}

// runBuild builds in another process, which it kills some time after it has said so many lines;
// never, if that is negative. It returns the last texture reported committed, -1 for none.
func runBuild(t *testing.T, path string, said int, after time.Duration) (killed bool, committed int) {
	t.Helper()
	cmd, lines := spawn(t, "build", path)
	kill := func() { _ = cmd.Process.Kill() } // it may have ended by itself
	committed = -1
	for n := 0; ; n++ {
		if n == said {
			defer time.AfterFunc(after, kill).Stop()
		}
		if !lines.Scan() {
			break
		}
		if _, err := fmt.Sscanf(lines.Text(), "committed up to %d", &committed); err != nil && !strings.HasPrefix(lines.Text(), "p") {
			t.Errorf("the build says %q", lines.Text())
		}
	}
	err := cmd.Wait()
	if err == nil {
		return false, committed
	}
	if !wasKilled(cmd.ProcessState) {
		t.Fatalf("the build failed: %v", err)
	}
	return true, committed
}

// checkCommitted opens what a killed process left, as info would, and looks for all textures up to
// the last that was reported committed.
func checkCommitted(t *testing.T, path string, last int) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		path += partSuffix
	}
	a, err := Open(t.Context(), path)
	if err != nil {
		t.Fatalf("after a kill: %v", err)
	}
	defer a.Close()
	for i := range last + 1 {
		name, _ := drillTexture(i)
		if _, ok := a.Lookup(texture(t, name).Key()); !ok {
			t.Errorf("%s was committed and is lost", name)
		}
	}
}

// Another process holds the lock as long as it lives, and not a moment longer.
func TestSecondProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	cmd, lines := spawn(t, "hold", path)
	if !lines.Scan() {
		t.Fatal("the other process does not hold the archive")
	}
	_, err := Create(t.Context(), path, WriterOptions{})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", cmd.Process.Pid)) {
		t.Errorf("got %v, want %v and the number of the process", err, ErrLocked)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed, it says
	w := createAt(t, path)
	put(t, w, "16_16_BI12", ddsFile(small, 1))
	finish(t, w)
	mustVerify(t, openAt(t, path))
}

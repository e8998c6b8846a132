//go:build linux

package farm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/guard"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// A test binary is also every other program of a farm: a worker, a NATS server, a coordinator.
const role = "farm-role"

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == role {
		if err := play(os.Args[2], os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	guard.Start()
	workerArgs = []string{role}
	m.Run()
}

func play(what string, args []string) error {
	ctx := context.Background()
	note := func(s string) { fmt.Fprintln(os.Stderr, what+":", s) }
	switch what {
	case "machine": // folder of its store of chunks, URL
		if err := os.Setenv("XDG_CACHE_HOME", args[0]); err != nil {
			return err
		}
		return Work(ctx, WorkerOptions{Server: Server{URL: args[1]}, Jobs: 2, Imagery: imagery.Options{Concurrency: 16}, Note: note})
	case "worker", "flat": // URL, then flags of the verb that only --until-input-ends is taken of
		ended := make(chan struct{})
		go func() { _, _ = io.Copy(io.Discard, os.Stdin); close(ended) }()
		o := WorkerOptions{Server: Server{URL: args[0], Token: os.Getenv(TokenVariable)}, Jobs: 2,
			Imagery: imagery.Options{NoStore: true, Concurrency: 16}, Until: ended, Note: note}
		if n, err := strconv.Atoi(args[len(args)-1]); err == nil {
			o.Imagery.Concurrency = min(n, fetch.MaxConcurrency)
		}
		if what == "flat" {
			o.wrap = newFlat
		}
		return Work(ctx, o)
	case "server":
		port, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		if _, err := runServer(port, args[1]); err != nil {
			return err
		}
		<-ctx.Done()
		select {}
	case "build":
		var b testBuild
		if err := json.Unmarshal([]byte(args[0]), &b); err != nil {
			return err
		}
		r, err := b.run(ctx, Options{Server: Server{URL: b.URL}, Audit: b.Audit, ackWait: b.AckWait, liveFor: b.LiveFor, jobSize: b.JobSize}, note)
		if err == nil {
			err = json.NewEncoder(os.Stdout).Encode(r)
		}
		return err
	}
	return errors.New("no such role")
}

func runServer(port int, dir string) (*server.Server, error) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir,
		JetStreamMaxStore: 2 << 30, JetStreamMaxMemory: 64 << 20, NoSigs: true, NoLog: true})
	if err != nil {
		return nil, err
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		return nil, errors.New("the server does not come up")
	}
	return s, nil
}

// serverOf starts a server of the test's.
func serverOf(t *testing.T) *server.Server {
	t.Helper()
	s, err := runServer(server.RANDOM_PORT, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// testBuild is a build of small textures.
type testBuild struct {
	BBox, Template, File, URL string
	Detail                    uint8
	Rate                      float64
	Audit                     float64
	AckWait, LiveFor          time.Duration
	JobSize                   int
	Columns, Rows             int // instead of BBox
}

func (b testBuild) plan(ctx context.Context) (*plan.Plan, error) {
	selection := plan.Defaults()
	selection.BBox = cmp.Or(b.BBox, "5.01,43.55,5.10,43.62")
	p, err := plan.Make(ctx, plan.Options{Selection: selection, Output: b.File,
		Imagery: imagery.Options{Provider: b.Template, NoStore: true, Rate: b.Rate}})
	if err == nil {
		if b.Columns > 0 {
			grid(p, b.Columns, b.Rows)
		}
		p.Estimate = plan.Estimate{} // that of larger textures
		for i := range p.Items {
			p.Items[i].Detail = b.Detail
		}
	}
	return p, err
}

// run builds with a farm, or, with the zero Options, without.
func (b testBuild) run(ctx context.Context, o Options, note func(string)) (pack.Report, error) {
	p, err := b.plan(ctx)
	if err != nil {
		return pack.Report{}, err
	}
	bo := build.Defaults()
	bo.Note = note
	if o.Server.URL != "" {
		f, err := New(p, bo, o)
		if err != nil {
			return pack.Report{}, err
		}
		bo.Make = f.Make
	}
	w, err := build.Open(ctx, p, bo)
	if err != nil {
		return pack.Report{}, err
	}
	return w.Run(ctx)
}

var farmland = sync.OnceValue(func() fetch.Source {
	return fetchtest.Repeat(tiles.Chunk{Z: 14, X: 8415, Y: 5985}, 24, fetch.Sample())
})

// provider starts an imagery server.
func provider(t *testing.T, o fetchtest.Options) *fetchtest.Server {
	t.Helper()
	o.Image = farmland()
	s := fetchtest.NewServer(o)
	t.Cleanup(s.Close)
	return s
}

func logNote(t *testing.T) func(string) {
	return func(s string) { t.Log(s) }
}

// workersOf starts workers in this process; they leave at the end of the test.
func workersOf(t *testing.T, url string, n int, change func(*WorkerOptions)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for i := range n {
		o := WorkerOptions{Server: Server{URL: url}, Jobs: 2, Name: fmt.Sprintf("w%d", i),
			Imagery: imagery.Options{NoStore: true, Concurrency: 16}, Note: func(s string) { t.Logf("w%d: %s", i, s) }}
		if change != nil {
			change(&o)
		}
		group.Go(func() {
			if err := Work(ctx, o); err != nil {
				t.Errorf("worker %d: %v", i, err)
			}
		})
	}
	t.Cleanup(func() { cancel(); group.Wait() })
}

// smallBuild is 20 textures of 4 chunks each. A worker may be silent for so long that a busy
// machine does not have a job built twice.
func smallBuild(t *testing.T, s *fetchtest.Server) testBuild {
	return testBuild{BBox: "5.01,43.40,5.40,43.62", Template: s.Template(), Detail: 3, AckWait: 20 * time.Second,
		File: filepath.Join(t.TempDir(), "a.mbtiles")}
}

// Whoever builds it, and however many do, the digest is that of a build without a farm, and nothing
// is asked for that a plain build does not ask for.
func TestDigestIsThatOfAPlainBuild(t *testing.T) {
	imagery := provider(t, fetchtest.Options{})
	b := smallBuild(t, imagery)
	plain := b
	plain.File = filepath.Join(t.TempDir(), "plain.mbtiles")
	r, err := plain.run(t.Context(), Options{}, logNote(t))
	if err != nil {
		t.Fatal(err)
	}
	want, chunks := sharetest.Digest(t, plain.File), r.Chunks.OK
	asked := imagery.AskedFor()
	workers := []int{1, 2, 4, 8}
	if testing.Short() {
		workers = workers[3:]
	}
	for _, n := range workers {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			nats := serverOf(t)
			b := b
			b.File = filepath.Join(t.TempDir(), "a.mbtiles")
			workersOf(t, nats.ClientURL(), n, nil)
			r, err := b.run(t.Context(), Options{Server: Server{URL: nats.ClientURL()}, ackWait: b.AckWait, jobSize: 3}, logNote(t))
			if err != nil {
				t.Fatal(err)
			}
			if got := sharetest.Digest(t, b.File); got != want {
				t.Errorf("digest %s, of a plain build %s", got, want)
			}
			if r.State != pack.StateComplete || r.Built != r.Textures || r.Chunks.OK != chunks || r.Built < 16 {
				t.Errorf("report %+v, and %d chunks of a plain build", r, chunks)
			}
			for c, n := range imagery.AskedFor() {
				if n > asked[c]+1+int(r.Retries) { // and a second request for a slow one
					t.Errorf("%v was asked for %d times", c, n-asked[c])
				}
			}
			asked = imagery.AskedFor()
			if list, err := Look(t.Context(), Server{URL: nats.ClientURL()}); err != nil || len(list) > 0 {
				t.Errorf("the server still has %v, %v", list, err)
			}
		})
	}
}

// The same with nothing to install: the server in the process, the workers in processes of their
// own.
func TestLocal(t *testing.T) {
	imagery := provider(t, fetchtest.Options{})
	b := smallBuild(t, imagery)
	r, err := b.run(t.Context(), Options{Server: Server{URL: LocalURL}, Workers: 2, jobSize: 3}, logNote(t))
	if err != nil {
		t.Fatal(err)
	}
	sharetest.Digest(t, b.File)
	if r.State != pack.StateComplete || r.Built != r.Textures || r.Built < 16 {
		t.Errorf("report %+v", r)
	}
	if left, err := filepath.Glob(b.File + "?*"); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

// program is a process of the farm.
type program struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   io.Closer
	out  strings.Builder
	err  strings.Builder
	done chan struct{}
}

// start starts this binary in a role.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return launch(t, self, append([]string{role}, args...)...)
}

// launch starts a program.
func launch(t *testing.T, file string, args ...string) *program {
	t.Helper()
	var err error
	p := &program{t: t, cmd: exec.Command(file, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	t.Cleanup(p.kill)
	return p
}

// kill ends it with SIGKILL.
func (p *program) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	p.wait()
}

// used returns the processor time of an ended program.
func (p *program) used() time.Duration {
	<-p.done
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

func (p *program) wait() {
	select {
	case <-p.done:
	case <-time.After(patience.For(p.t)):
		p.t.Errorf("%v does not end", p.cmd.Args[2])
	}
}

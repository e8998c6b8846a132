//go:build linux

package farm

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/port"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// wire is a line to the NATS server that can be cut: nothing comes through and nobody is told.
type wire struct {
	to   string
	l    net.Listener
	gate sync.RWMutex // held while it is cut
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	w := &wire{to: to, l: l}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(c)
		}
	}()
	return w
}

func (w *wire) url() string { return "nats://" + w.l.Addr().String() }

func (w *wire) carry(c net.Conn) {
	defer c.Close()
	w.gate.RLock()
	d, err := net.Dial("tcp", w.to)
	w.gate.RUnlock()
	if err != nil {
		return
	}
	defer d.Close()
	go func() { defer c.Close(); defer d.Close(); w.pump(d, c) }()
	w.pump(c, d)
}

func (w *wire) pump(to io.Writer, from io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		w.gate.RLock()
		_, err = to.Write(buf[:n])
		w.gate.RUnlock()
		if err != nil {
			return
		}
	}
}

// cut cuts the line until the returned function is called.
func (w *wire) cut() (mend func()) {
	w.gate.Lock()
	return w.gate.Unlock
}

// troop is a farm of processes, each with a line of its own.
type troop struct {
	t           *testing.T
	b           testBuild
	port        int
	dir         string
	server      *program
	nats        string // the program of the server; "": the module's
	workers     []*program
	caches      []string
	wires       []*wire // of the workers, then the coordinator's
	coordinator *program
	killed, cut int
}

func newTroop(t *testing.T, b testBuild, nats string, workers int) *troop {
	r := &troop{t: t, b: b, nats: nats, port: port.Free(t), dir: t.TempDir()}
	r.startServer()
	awaitServer(t, fmt.Sprintf("nats://127.0.0.1:%d", r.port)) // a build that finds none ends
	for range workers + 1 {
		r.wires = append(r.wires, newWire(t, fmt.Sprintf("127.0.0.1:%d", r.port)))
	}
	for i := range workers {
		r.caches = append(r.caches, t.TempDir())
		r.workers = append(r.workers, r.startWorker(i))
	}
	r.startBuild()
	return r
}

// awaitServer waits until a server answers.
func awaitServer(t *testing.T, url string) {
	t.Helper()
	patience.Until(t, "the server is up", func() bool {
		nc, _, err := Server{URL: url}.connect("test")
		if err == nil {
			nc.Close()
		}
		return err == nil
	})
}

// startWorker starts a worker as it is started on a machine: its store of chunks outlives it.
func (r *troop) startWorker(i int) *program {
	return start(r.t, "machine", r.caches[i], r.wires[i].url())
}

func (r *troop) startServer() {
	if r.nats == "" {
		r.server = start(r.t, "server", strconv.Itoa(r.port), r.dir)
	} else {
		r.server = launch(r.t, r.nats, "-js", "-a", "127.0.0.1", "-p", strconv.Itoa(r.port), "-sd", r.dir)
	}
}

func (r *troop) startBuild() {
	b := r.b
	b.URL = r.wires[len(r.workers)].url()
	text, err := json.Marshal(b)
	if err != nil {
		r.t.Fatal(err)
	}
	r.coordinator = start(r.t, "build", string(text))
}

// disturb kills one of the processes and starts it again, or cuts its line for a while. It returns
// what it did.
func (r *troop) disturb(who int, cut time.Duration) (what string) {
	name := "worker"
	switch {
	case who == len(r.workers):
		name = "coordinator"
	case who > len(r.workers):
		name = "server"
	}
	if cut > 0 {
		r.t.Logf("%s %d cut off for %v", name, who, cut)
		r.cut++
		wires := r.wires
		if who <= len(r.workers) {
			wires = r.wires[who : who+1]
		}
		for _, w := range wires {
			defer w.cut()()
		}
		time.Sleep(cut)
		return name + " cut off"
	}
	r.t.Logf("%s %d killed", name, who)
	r.killed++
	switch {
	case who < len(r.workers):
		r.workers[who].kill()
		r.workers[who] = r.startWorker(who)
	case who == len(r.workers):
		r.coordinator.kill()
		r.startBuild()
	default:
		r.server.kill()
		r.startServer()
	}
	return name + " killed"
}

// finish waits for the end of the build, for as long as something is asked of the provider. A
// coordinator that gives up is started again, as its user would.
func (r *troop) finish(asked func() int64) pack.Report {
	for before := int64(-1); ; {
		select {
		case <-r.coordinator.done:
		case <-time.After(patience.For(r.t)):
			if now := asked(); now > before {
				before = now
				continue
			}
			r.t.Fatalf("the build does not end: %s", r.coordinator.err.String())
		}
		var report pack.Report
		if r.coordinator.cmd.ProcessState.Success() {
			if err := json.Unmarshal([]byte(r.coordinator.out.String()), &report); err != nil {
				r.t.Fatal(err)
			}
			return report
		}
		r.t.Logf("the coordinator gave up: %s", r.coordinator.err.String())
		if r.t.Failed() {
			r.t.FailNow()
		}
		r.startBuild()
	}
}

// halt is when the provider waits with its answers for a disturbance, so that the build cannot be
// over before it.
type halt struct {
	at            int64 // requests
	told          bool
	reached, over chan struct{}
}

// repeats counts requests for chunks that were answered before, by what was disturbed last.
type repeats struct {
	mu       sync.Mutex
	answered map[tiles.Chunk]bool
	after    map[string]int
	last     string
}

func (r *repeats) count(c tiles.Chunk, fault fetchtest.Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answered[c] {
		r.after[r.last]++
	} else if fault == (fetchtest.Fault{}) {
		r.answered[c] = true
	}
}

func (r *repeats) disturbed(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = what
}

// TestDrillChaos: workers, the NATS server and the coordinator are killed or cut off, the provider
// has faults, and in the end the archive is that of an undisturbed build: with the server of the
// module and with that of the system, in processes of their own. The reduced form kills each of
// them once, when the provider has been asked for so many chunks; of the system's only the server.
// The full form disturbs one a minute for XELPACK_TEST_CHAOS; XELPACK_TEST_SEED repeats a run's
// order.
func TestDrillChaos(t *testing.T) {
	drill.SkipIfShort(t)
	t.Run("module", func(t *testing.T) { chaos(t, "") })
	t.Run("system", func(t *testing.T) {
		for _, name := range []string{"nats-server", "/usr/sbin/nats-server"} { // no user's PATH has sbin
			if file, err := exec.LookPath(name); err == nil {
				chaos(t, file)
				return
			}
		}
		t.Skip("there is no nats-server: make drill-farm installs it")
	})
}

func chaos(t *testing.T, nats string) {
	length := 30 * time.Minute
	if text := os.Getenv("XELPACK_TEST_CHAOS"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().Unix())
	if text := os.Getenv("XELPACK_TEST_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	faults := fetchtest.FirstOf(40, fetchtest.Unavailable, fetchtest.Reset, fetchtest.Truncated, fetchtest.TooMany)
	var asked atomic.Int64
	again := repeats{answered: map[tiles.Chunk]bool{}, after: map[string]int{}, last: "nothing"}
	var mu sync.Mutex
	var next halt
	after := func(n int64) halt { // so many more requests
		mu.Lock()
		defer mu.Unlock()
		next = halt{at: asked.Load() + n, reached: make(chan struct{}), over: make(chan struct{})}
		return next
	}
	latency := drill.Scale(20*time.Millisecond, 5*time.Millisecond)
	disturbed := provider(t, fetchtest.Options{Latency: latency, Fault: func(c tiles.Chunk, n int) fetchtest.Fault {
		now := asked.Add(1)
		mu.Lock()
		here := next
		if here.over != nil && now >= here.at && !here.told {
			next.told = true
			close(here.reached)
		}
		mu.Unlock()
		if here.over != nil && now >= here.at {
			<-here.over
		}
		fault := faults(c, n)
		again.count(c, fault)
		return fault
	}})
	quiet := provider(t, fetchtest.Options{Fault: faults})
	b := testBuild{BBox: "5.01,43.3,5.9,43.6", Detail: 3, AckWait: 2 * time.Second, LiveFor: 2 * time.Second, JobSize: 3, File: filepath.Join(t.TempDir(), "a.mbtiles")}
	if nats != "" {
		b.BBox = "5.01,43.3,5.4,43.6"
	}
	if drill.Full() {
		east := 1 + 6.4*length.Minutes()/30 // enough for as long: a third of the time nothing can be asked
		b = testBuild{BBox: fmt.Sprintf("1.0,42.0,%.2f,45.4", east), Detail: 2, Rate: 45, AckWait: usualAckWait, File: b.File}
	}
	plain := b
	plain.Template, plain.File, plain.Rate = quiet.Template(), filepath.Join(t.TempDir(), "plain.mbtiles"), 0
	text, err := json.Marshal(plain)
	if err != nil {
		t.Fatal(err)
	}
	undisturbed := start(t, "build", string(text))

	b.Template = disturbed.Template()
	began := time.Now()
	r := newTroop(t, b, nats, drill.Scale(4, 3))
	if drill.Full() {
		rng := rand.New(rand.NewPCG(18, seed))
		minute := time.NewTicker(time.Minute)
		defer minute.Stop()
	disturbing:
		for time.Since(began) < length {
			select {
			case <-r.coordinator.done:
				if r.coordinator.cmd.ProcessState.Success() {
					break disturbing
				}
				t.Logf("the coordinator gave up: %s", r.coordinator.err.String())
				r.startBuild()
				continue
			case <-minute.C:
			}
			who := rng.IntN(3) // a worker, the coordinator or the server
			if who == 0 {
				who = rng.IntN(len(r.workers))
			} else {
				who += len(r.workers) - 1
			}
			cut := time.Duration(0)
			if rng.IntN(2) == 0 {
				cut = 20 * time.Second
			}
			again.disturbed(r.disturb(who, cut))
		}
	} else {
		whom := []int{0, 4, 3} // a worker, the server, the coordinator
		if nats != "" {
			whom = whom[1:2] // only that is another program
		}
		for _, who := range whom {
			here := after(25)
			goOn := sync.OnceFunc(func() { close(here.over) })
			t.Cleanup(goOn)
			select {
			case <-here.reached:
			case <-r.coordinator.done: // no test of what it is for, then
				t.Fatalf("the build is over before its disturbances: %s", r.coordinator.err.String())
			case <-time.After(patience.For(t)):
				t.Fatalf("nothing is asked for any more: %s", r.coordinator.err.String())
			}
			again.disturbed(r.disturb(who, 0))
			goOn()
		}
	}
	report := r.finish(asked.Load)
	took := time.Since(began)
	for i, w := range r.workers {
		select {
		case <-w.done:
			t.Errorf("worker %d has ended: %s", i, w.err.String())
		default:
		}
	}
	undisturbed.wait()
	var plainly pack.Report
	if err := json.Unmarshal([]byte(undisturbed.out.String()), &plainly); err != nil {
		t.Fatalf("the plain build: %v: %s", err, undisturbed.err.String())
	}
	if got, want := sharetest.Digest(t, b.File), sharetest.Digest(t, plain.File); got != want {
		t.Errorf("digest %s, of an undisturbed build %s", got, want)
	}
	if report.State != pack.StateComplete || report.Built+report.Skipped != report.Textures {
		t.Errorf("%+v", report)
	}
	requests := asked.Load()
	more := 100 * (float64(requests)/float64(plainly.Requests) - 1)
	drill.Row(t, fmt.Sprintf("farm, chaos of %v, seed %d: %d killed, %d cut off, %d textures", took.Round(time.Second), seed, r.killed, r.cut, report.Textures),
		"the digest of a plain build, at most 5 % more requests", fmt.Sprintf("equal, %d requests, %d of a plain build, %.1f %% more; for chunks "+
			"that had been answered, by what was disturbed last: %v", requests, plainly.Requests, more, again.after), more <= 5)
}

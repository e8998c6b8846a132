//go:build linux

package farm

import (
	"context"
	"encoding/json"
	"fmt"
	"image/color"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/process"
	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/port"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// paced measures how many requests a second come between the tenth and the ninetieth in a hundred.
type paced struct {
	total    int64
	n        atomic.Int64
	from, to atomic.Int64 // in Unix nanoseconds
}

func (p *paced) fault(tiles.Chunk, int) fetchtest.Fault {
	switch n := p.n.Add(1); n {
	case p.total / 10:
		p.from.Store(time.Now().UnixNano())
	case p.total * 9 / 10:
		p.to.Store(time.Now().UnixNano())
	}
	return fetchtest.Fault{}
}

func (p *paced) rate() float64 {
	return float64(p.total*9/10-p.total/10) / time.Duration(p.to.Load()-p.from.Load()).Seconds()
}

// sea costs next to nothing to decode and to encode.
var sea = sync.OnceValue(func() fetch.Source { return fetchtest.Repeat(tiles.Chunk{Z: 14, X: 6000, Y: 6000}, 1, fetch.Sample()) })

// pace builds textures of 16 chunks each, columns by rows, and returns the requests a second.
func pace(t *testing.T, columns, rows, workers, concurrency int, rate float64) float64 {
	t.Helper()
	p := &paced{total: int64(16 * columns * rows)}
	s := fetchtest.NewServer(fetchtest.Options{Image: sea(), Latency: 200 * time.Millisecond, Fault: p.fault})
	t.Cleanup(s.Close)
	nats := serverOf(t)
	for range workers {
		w := start(t, "worker", nats.ClientURL(), strconv.Itoa(concurrency))
		defer w.kill()
	}
	b := testBuild{Template: s.Template(), Columns: columns, Rows: rows, Detail: 2, Rate: rate, AckWait: usualAckWait, File: filepath.Join(t.TempDir(), "a.mbtiles")}
	if _, err := b.run(t.Context(), Options{Server: Server{URL: nats.ClientURL()}, jobSize: 8}, nil); err != nil {
		t.Fatal(err)
	}
	return p.rate()
}

// TestDrillThroughput: eight workers do the work of eight, as long as neither processors nor the
// provider are the limit.
func TestDrillThroughput(t *testing.T) {
	drill.SkipUnlessFull(t, "its figure is one of a quiet machine")
	before := process.Time()
	one := pace(t, 10, 10, 1, 16, 0)
	eight := pace(t, 40, 20, 8, 16, 0)
	drill.Row(t, "farm, requests a second at 200 ms, 16 in flight a worker: 8 workers", "7 times one worker",
		fmt.Sprintf("%.0f/s and %.0f/s, %.1f times (this process and the provider used %v)", one, eight, eight/one, (process.Time()-before).Round(time.Second)), eight >= 7*one)
}

// TestDrillBudget: the provider is asked as often as its ceiling allows, whatever the number of
// workers.
func TestDrillBudget(t *testing.T) {
	drill.SkipUnlessFull(t, "its figure is one of a quiet machine")
	for _, workers := range []int{1, 2, 4, 8} {
		rate := pace(t, 45, 30, workers, min(800/workers, fetch.MaxConcurrency), 1000)
		drill.Row(t, fmt.Sprintf("farm, a budget of 1,000 requests a second, %d workers", workers), "950 to 1,000/s", fmt.Sprintf("%.0f/s", rate),
			rate >= 950 && rate <= 1000.5)
	}
}

// flat builds shares of flat colour, without imagery.
type flat struct {
	builder
	content *mbtiles.Content
	id      string
}

func newFlat(b builder) builder {
	layout := dds.Layout{Format: dds.BC1, Side: 256}
	builder, err := dds.NewBuilder(layout, nil)
	if err != nil {
		panic(err)
	}
	w := dds.NewWorker()
	defer w.Close()
	if err := w.AddColor(builder, 0, 0, color.NRGBA{G: 90, A: 255}); err != nil {
		panic(err)
	}
	file, err := builder.Finish()
	if err != nil {
		panic(err)
	}
	c, err := mbtiles.NewEncoder(mbtiles.Fast).Encode(file)
	if err != nil {
		panic(err)
	}
	return flat{b, c, b.(*maker).provider.ID}
}

func (f flat) share(ctx context.Context, j Job, file string) (string, error) {
	w, err := mbtiles.Create(ctx, file, mbtiles.WriterOptions{Scratch: true})
	if err != nil {
		return "", err
	}
	for _, it := range j.Items {
		if err := w.Put(ctx, mbtiles.Record{Texture: it.Texture, Detail: it.Detail, Chunks: 1, Provider: f.id}, f.content); err != nil {
			return "", err
		}
	}
	if err := w.Finish(ctx, nil); err != nil {
		return "", err
	}
	return digestOf(ctx, file)
}

// TestDrillContinent: 257,000 textures of one chunk each, built by workers that do not build, in
// jobs of 64; and jobs so small that only the farm's own work counts.
func TestDrillContinent(t *testing.T) {
	drill.SkipIfShort(t)
	t.Run("jobs of 64", func(t *testing.T) { continent(t, drill.Scale(514, 12), drill.Scale(500, 8), 0, 0) })
	t.Run("small jobs", func(t *testing.T) {
		drill.SkipUnlessFull(t, "its figure is one of a quiet machine")
		continent(t, 200, 50, 1, 200)
	})
}

// continent builds columns by rows of textures in jobs of size. least is how many jobs a second
// must be done; 0: so many as there are processors for.
func continent(t *testing.T, columns, rows, size int, least float64) {
	at := port.Free(t)
	dir := t.TempDir()
	server := start(t, "server", strconv.Itoa(at), dir)
	url := fmt.Sprintf("nats://127.0.0.1:%d", at)
	awaitServer(t, url)
	b := testBuild{Template: "http://127.0.0.1:1/{z}/{x}/{y}.jpg", Columns: columns, Rows: rows, Detail: 4, URL: url, AckWait: usualAckWait,
		JobSize: size, File: filepath.Join(t.TempDir(), "a.mbtiles")}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	coordinator := start(t, "build", string(text))
	jobs := 0
	look := func() (s State, ok bool) {
		list, err := Look(t.Context(), Server{URL: url})
		if err != nil || len(list) != 1 {
			return s, false
		}
		return list[0], true
	}
	patience.Until(t, "all jobs are queued", func() bool {
		select {
		case <-coordinator.done:
			t.Fatal(coordinator.err.String())
		default:
		}
		s, ok := look()
		jobs = s.Jobs
		return ok && s.Queued == s.Jobs
	})
	queued := time.Since(began)
	began = time.Now()
	var flats []*program
	for range 4 {
		flats = append(flats, start(t, "flat", url))
	}
	defer func() {
		if t.Failed() {
			t.Logf("the coordinator said %s, a worker %s", coordinator.err.String(), flats[0].err.String())
		}
	}()
	var memory, store int64
	patience.Until(t, "all shares are taken", func() bool {
		if n, err := process.PeakMemory(coordinator.cmd.Process.Pid); err == nil {
			memory = max(memory, n)
		}
		store = max(store, diskUsage(dir))
		select {
		case <-coordinator.done: // even the archive is finished
			if !coordinator.cmd.ProcessState.Success() {
				t.Fatal(coordinator.err.String())
			}
			return true
		default:
		}
		time.Sleep(time.Second) // looking costs as much as many shares
		s, ok := look()
		return ok && s.Taken >= jobs && s.Left == 0
	})
	took := time.Since(began)
	coordinator.kill() // finishing the archive is nothing of the farm's
	server.kill()
	var workers time.Duration
	for _, f := range flats {
		f.kill()
		workers += f.used()
	}
	each := func(d time.Duration) float64 { return d.Seconds() * 1000 / float64(jobs) }
	rate := float64(jobs) / took.Seconds()
	must := fmt.Sprintf("%.0f/s", least)
	if least == 0 {
		must = "no figure"
	}
	drill.Row(t, fmt.Sprintf("farm, a plan of %d textures", columns*rows), "queued in a minute", queued.Round(time.Millisecond).String(), queued < time.Minute)
	drill.Row(t, fmt.Sprintf("farm, %d jobs of at most %d tiny textures", jobs, max(size, (columns*rows+jobs-1)/jobs)), must,
		fmt.Sprintf("%.0f jobs/s, %.0f textures/s; processor time a job: coordinator %.1f ms, server %.1f ms, workers %.1f ms", rate,
			float64(columns*rows)/took.Seconds(), each(coordinator.used()), each(server.used()), each(workers)), rate >= least)
	drill.Row(t, "farm, memory of the coordinator", "300 MB", fmt.Sprintf("%d MB", memory/1e6), memory < 300e6)
	drill.Row(t, "farm, the server's disk at most", "2 GB", fmt.Sprintf("%d MB", store/1e6), store < 2e9)
}

func diskUsage(dir string) int64 {
	out, err := exec.Command("du", "-sb", dir).Output()
	if err != nil {
		return 0 // a file vanished while it was counted
	}
	var n int64
	_, _ = fmt.Sscan(string(out), &n)
	return n
}

// TestDrillOverhead: a farm on one machine takes hardly longer than a build without.
func TestDrillOverhead(t *testing.T) {
	drill.SkipUnlessFull(t, "its figure is one of a quiet machine")
	s := provider(t, fetchtest.Options{Latency: 20 * time.Millisecond})
	b := testBuild{BBox: "5.01,43.3,6.0,43.75", Template: s.Template(), Detail: 0}
	var times, used [2]time.Duration // without and with a farm
	for round := range 2 {
		for i := range times {
			b.File = filepath.Join(t.TempDir(), fmt.Sprintf("%d-%d.mbtiles", round, i))
			o := Options{}
			if i == 1 {
				o.Server.URL = LocalURL
			}
			began, before := time.Now(), process.Time()+childrenTime(t)
			if _, err := b.run(t.Context(), o, nil); err != nil {
				t.Fatal(err)
			}
			used[i] += process.Time() + childrenTime(t) - before // and the provider's, equal in both
			if took := time.Since(began); times[i] == 0 || took < times[i] {
				times[i] = took
			}
		}
	}
	ratio := times[1].Seconds() / times[0].Seconds()
	drill.Row(t, "farm, --farm local beside a plain build, the better of two", "1.10 times", fmt.Sprintf("%v and %v, %.2f times; processor time %.2f times",
		times[1].Round(time.Millisecond), times[0].Round(time.Millisecond), ratio, used[1].Seconds()/used[0].Seconds()), ratio <= 1.1)
}

// childrenTime is the processor time of the ended children of this process.
func childrenTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// grid is a plan of textures, columns by rows.
func grid(p *plan.Plan, columns, rows int) {
	p.Items = nil
	for y := range uint32(rows) {
		for x := range uint32(columns) {
			p.Items = append(p.Items, tiles.Item{Texture: tiles.Texture{ZL: 16, Maptype: "XP", Col: 16 * (1000 + x), Row: 16 * (1000 + y)}})
		}
	}
}

package metrics

import (
	"bufio"
	"context"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/guard"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestMain(m *testing.M) {
	guard.Start()
	if mounttest.Serve() {
		return
	}
	patience.Main(m)
}

// scrape returns what Prometheus would get: values by metric with its labels, as they are written.
func scrape(t *testing.T, m *Metrics) map[string]float64 {
	t.Helper()
	r := httptest.NewRecorder()
	m.Handler().ServeHTTP(r, httptest.NewRequest("GET", "/metrics", nil))
	if r.Code != 200 {
		t.Fatalf("%d: %s", r.Code, r.Body)
	}
	values := make(map[string]float64)
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		line := lines.Text()
		name, value, ok := cutLast(line, " ")
		if !ok || line[0] == '#' {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		values[name] = v
	}
	return values
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// reach scrapes until the values are as wanted.
func reach(t *testing.T, m *Metrics, what string,
	is func(map[string]float64) bool) map[string]float64 {
	t.Helper()
	var v map[string]float64
	patience.Until(t, what, func() bool { v = scrape(t, m); return is(v) })
	return v
}

// pipeline returns a pipeline that fetches from a server with faults, watched by m.
func pipeline(t *testing.T, s *observe.Sources, m *Metrics, faults fetchtest.Faults,
	o pack.Options) (*pack.Pipeline, string) {
	t.Helper()
	server := fetchtest.NewServer(fetchtest.Options{Fault: faults})
	t.Cleanup(server.Close)
	client := fetch.NewClient(fetch.ClientOptions{Observer: m, Concurrency: 4})
	t.Cleanup(client.Close)
	o.Source, o.MaxZL, o.Observer = client.Source(server.Provider()), tiles.MaxZL, m
	p := pack.New(o)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Client.Store(client)
	s.Pipeline.Store(p)
	return p, strings.TrimPrefix(server.URL(), "http://")
}

// item is a texture of 16 chunks.
func item(i uint32) tiles.Item {
	return tiles.Item{Texture: tiles.Texture{Row: 23952, Col: 33712 + 16*i, ZL: 16, Maptype: "BI"},
		Detail: 2}
}

// A slow host shows in the histogram of its chunks.
func TestSlowHostShows(t *testing.T) {
	const delay = 300 * time.Millisecond
	var s observe.Sources
	m := New(&s)
	slow := func(c tiles.Chunk, _ int) fetchtest.Fault {
		if c == item(0).Chunk(0, 0) {
			return fetchtest.Fault{Delay: delay}
		}
		if c == item(0).Chunk(0, 1) {
			return fetchtest.Fault{Kind: fetchtest.NotFound}
		}
		return fetchtest.Fault{}
	}
	p, host := pipeline(t, &s, m, slow, pack.Options{})
	built, err := p.Texture(t.Context(), item(0))
	if err != nil {
		t.Fatal(err)
	}
	built.Release()
	v := scrape(t, m)
	chunk := func(suffix, outcome, more string) float64 {
		return v[`xelpack_chunk_seconds_`+suffix+`{host="`+host+`",outcome="`+outcome+`"`+more+`}`]
	}
	// The parent of the missing one comes on top.
	if n := chunk("count", "ok", ""); n != 16 {
		t.Errorf("%v chunks ok, want 16", n)
	}
	if n := chunk("count", "no_imagery", ""); n != 1 {
		t.Errorf("%v chunks without imagery, want 1", n)
	}
	if n := chunk("bucket", "ok", `,le="0.25"`); n >= 16 {
		t.Errorf("all %v chunks within 0.25 s, though one took %v", n, delay)
	}
	if n := v[`xelpack_attempt_seconds_count{host="`+host+`",outcome="ok"}`]; n < 16 {
		t.Errorf("%v attempts, want 16 at least", n)
	}
	if v[`xelpack_texture_seconds_count{outcome="whole"}`] != 1 ||
		v[`xelpack_task_seconds_count{task="chunk"}`] != 15 {
		t.Errorf("the texture and its tasks do not show: %v", v)
	}
}

// A host that does not answer: queues fill, and show their depth; the pool is in use.
func TestFullQueuesShow(t *testing.T) {
	var s observe.Sources
	m := New(&s)
	it := item(0)
	p, host := pipeline(t, &s, m, fetchtest.Always(fetchtest.Stall),
		pack.Options{Slots: 8, Memory: 2796344 / 4})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for range 3 {
		wg.Go(func() { _, _ = p.Texture(ctx, it) }) // ends with the test
	}
	reach(t, m, "full queues", func(v map[string]float64) bool {
		return v[`xelpack_stage_queue_depth{stage="textures"}`] == 2 && // no memory for them
			v[`xelpack_stage_in_flight{stage="chunks"}`] == 8 &&
			v[`xelpack_pool_used_ratio{pool="chunks"}`] == 1 &&
			v[`xelpack_stage_queue_depth{stage="chunks"}`] == 1 && // the texture's next
			v[`xelpack_host_in_flight{host="`+host+`"}`] == 4 &&
			v[`xelpack_host_queue_depth{host="`+host+`"}`] == 4 &&
			v[`xelpack_host_limit{host="`+host+`"}`] == 4 &&
			v[`xelpack_pool_used_ratio{pool="requests"}`] == 1 &&
			v[`xelpack_pool_used_ratio{pool="memory"}`] == 1
	})
}

// A worker that does not come to an end shows as stuck, and what waits for it as a queue.
func TestStuckWorkerShows(t *testing.T) {
	var s observe.Sources
	m := New(&s)
	release := make(chan struct{})
	p := pack.New(pack.Options{Source: fetch.Sample(), MaxZL: tiles.MaxZL, Workers: 1,
		Observer: &blocking{Metrics: m, release: release}})
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	s.Pipeline.Store(p)
	done := make(chan struct{})
	go func() {
		defer close(done)
		built, err := p.Texture(context.WithoutCancel(t.Context()), item(0))
		if err == nil {
			built.Release()
		}
	}()
	v := reach(t, m, "a stuck worker", func(v map[string]float64) bool {
		return v[`xelpack_worker_busy_seconds{task="chunk",worker="0"}`] > 0.2 &&
			v[`xelpack_stage_queue_depth{stage="workers"}`] > 0
	})
	if v[`xelpack_workers{task="chunk"}`] != 1 || v[`xelpack_workers{task="idle"}`] != 0 ||
		v[`xelpack_pool_used_ratio{pool="workers"}`] != 1 {
		t.Errorf("the worker's state: %v", v)
	}
	close(release)
	<-done
}

// blocking keeps every worker at its task until release is closed.
type blocking struct {
	*Metrics
	release chan struct{}
}

func (b *blocking) Worked(pack.Task, time.Duration) { <-b.release }

// stuckGenerator makes nothing until release is closed.
type stuckGenerator struct{ release chan struct{} }

func (g *stuckGenerator) Texture(ctx context.Context, _ tiles.Texture) (mount.Made, error) {
	select {
	case <-g.release:
	case <-ctx.Done():
	}
	file := make([]byte, mount.LiveLayout().Size())
	header := mount.LiveLayout().Header()
	copy(file, header[:])
	return mount.Made{File: file, Chunks: 256}, nil
}

// Goroutines that wait for a lock show in the runtime's own metric.
func TestLockContentionShows(t *testing.T) {
	m := New(&observe.Sources{})
	const name = "go_sync_mutex_wait_total_seconds_total"
	before, there := scrape(t, m)[name]
	if !there {
		t.Fatalf("there is no %s", name)
	}
	// The runtime samples waits: many make sure that some are seen.
	var mu sync.Mutex
	reach(t, m, "time waited for locks", func(v map[string]float64) bool {
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				mu.Lock()
				defer mu.Unlock()
				time.Sleep(time.Millisecond)
			})
		}
		wg.Wait()
		return v[name] > before+0.01
	})
}

// What the kernel asks for while the answer is not there shows as the depth of its queue; answers
// show by kind and source.
func TestFUSEQueueShows(t *testing.T) {
	mounttest.NeedFUSE(t)
	var s observe.Sources
	m := New(&s)
	g := &stuckGenerator{release: make(chan struct{})}
	dir := t.TempDir()
	f, err := mount.Mount(t.Context(), dir, mount.Options{
		Live: mount.LiveAny, Generator: g, Observer: m, Deadline: patience.For(t), LiveWorkers: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Mount.Store(f)
	var wg sync.WaitGroup
	for _, name := range []string{"16_16_BI16.dds", "32_32_BI16.dds", "48_48_BI16.dds"} {
		r := mounttest.NewReader(t)
		wg.Go(func() {
			_, _, _ = r.TryOpen(filepath.Join(f.Mountpoint(), "textures", name))
			r.Close()
		})
	}
	v := reach(t, m, "three opens that wait", func(v map[string]float64) bool {
		return v[`xelpack_fuse_requests_in_flight{op="open"}`] == 3 &&
			v[`xelpack_stage_queue_depth{stage="live"}`] == 2
	})
	if n, there := v["xelpack_fuse_kernel_waiting"]; there && n < 3 {
		t.Errorf("the kernel waits for %v requests, want 3", n)
	} else if !there {
		t.Log("the kernel does not say how many requests it waits for: its FUSE control file " +
			"system is not mounted here")
	}
	if v[`xelpack_stage_in_flight{stage="live"}`] != 1 {
		t.Errorf("%v textures being made, want 1", v[`xelpack_stage_in_flight{stage="live"}`])
	}
	close(g.release)
	wg.Wait()
	r := mounttest.NewReader(t)
	if _, errno := r.HashFile(
		filepath.Join(f.Mountpoint(), "textures", "16_16_BI16.dds")); errno != 0 {
		t.Fatal(errno)
	}
	if _, errno := r.Stat(filepath.Join(f.Mountpoint(), "textures", "16_16_ZL16.dds")); errno == 0 {
		t.Error("a mask is there")
	}
	r.Close()
	if err := f.Unmount(t.Context()); err != nil {
		t.Fatal(err)
	}
	v = scrape(t, m)
	if v[`xelpack_fuse_request_seconds_count{op="open",source="live"}`]+v[`xelpack_fuse_request_seconds_count{op="open",source="fallback"}`] != 3 {
		t.Errorf("three opens were answered live: %v", v)
	}
	if v[`xelpack_fuse_request_seconds_count{op="open",source="memory"}`] < 1 ||
		v[`xelpack_fuse_read_bytes_total{source="memory"}`] < float64(mount.LiveLayout().Size()) {
		t.Errorf("the texture read from memory does not show: %v", v)
	}
}

// Nothing that is served gives away a token or where somebody's files are.
func TestNoSecretsAndNoPaths(t *testing.T) {
	const token = "s3cr3t-t0k3n"
	t.Setenv("XELPACK_TOKEN_TEST", token)
	var s observe.Sources
	m := New(&s)
	p, _ := pipeline(t, &s, m, nil, pack.Options{})
	built, err := p.Texture(t.Context(), item(0))
	if err != nil {
		t.Fatal(err)
	}
	built.Release()
	r := httptest.NewRecorder()
	m.Handler().ServeHTTP(r, httptest.NewRequest("GET", "/metrics", nil))
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{token, home + "/", wd, "{x}", "/14/"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q is served", secret)
		}
	}
}

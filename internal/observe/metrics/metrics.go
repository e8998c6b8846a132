// Package metrics collects metrics of a build or a mount for Prometheus.
//
//	m := metrics.New(&sources)
//	client := fetch.NewClient(fetch.ClientOptions{Observer: m})
//	http.Handle("/metrics", m.Handler())
//
// Times are histograms that observers fill as things happen; queues, limits and pools are read from
// the sources when Prometheus asks.
//
// Labels are bounded: hosts are those of the providers' templates, everything else is a fixed set.
// No metric contains a token, a URL, a path or a file name.
package metrics

import (
	"net/http"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Metrics is an observe.Observer. Safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	attempts, chunks *prometheus.HistogramVec // by host and outcome
	textures         *prometheus.HistogramVec // by outcome
	tasks            [pack.Tasks]prometheus.Observer
	stored, holes    prometheus.Counter

	fuse      [mount.Ops][mount.Origins]prometheus.Observer
	inFlight  [mount.Ops]atomic.Int64
	readBytes [mount.Origins]prometheus.Counter
	missing   prometheus.Counter
}

var _ observe.Observer = (*Metrics)(nil)

const namespace = "xelpack"

var (
	// netBuckets range from a chunk of the store to a slow chunk's deadline with retries.
	netBuckets = []float64{.001, .0025, .005, .01, .025, .05, .075, .1, .15, .25, .5, 1, 2.5, 5, 10,
		20, 60, 180}
	// fuseBuckets range from an answer from memory to an open at its deadline.
	fuseBuckets = []float64{5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, .001, .0025, .005, .01,
		.025, .1, .25, 1, 2.5, 5, 10, 20, 60}
	taskBuckets = []float64{1e-4, 2.5e-4, 5e-4, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1,
		5}
)

// New returns Metrics that read the state of s.
func New(s *observe.Sources) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	histogram := func(name, help string, buckets []float64,
		labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(
			prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help,
				Buckets: buckets}, labels)
		m.registry.MustRegister(h)
		return h
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(
			prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	m.attempts = histogram("attempt_seconds", "Requests, from sending to the last byte.",
		netBuckets, "host", "outcome")
	m.chunks = histogram("chunk_seconds", "Chunks, including all waits and retries.", netBuckets,
		"host", "outcome")
	m.textures = histogram("texture_seconds", "Textures, from getting memory to the complete file.",
		netBuckets, "outcome")
	tasks := histogram("task_seconds", "Tasks of the workers.", taskBuckets, "task")
	for t := range m.tasks {
		m.tasks[t] = tasks.WithLabelValues(pack.Task(t).String())
	}
	m.stored = counter("textures_stored_total",
		"Textures passed waiting for the archive's writer.").WithLabelValues()
	m.holes = counter("holes_total",
		"Chunks of stored textures that failed and need repair.").WithLabelValues()

	requests := histogram("fuse_request_seconds",
		"Requests of the kernel, by kind and by where the answer came from.", fuseBuckets, "op",
		"source")
	bytes := counter("fuse_read_bytes_total", "Bytes answered to reads.", "source")
	for from := range m.readBytes {
		m.readBytes[from] = bytes.WithLabelValues(mount.Origin(from).String())
		for op := range m.fuse {
			m.fuse[op][from] = requests.WithLabelValues(mount.Op(op).String(),
				mount.Origin(from).String())
		}
	}
	m.missing = counter("fuse_missing_textures_total",
		"Look-ups of textures that do not exist.").WithLabelValues()

	m.registry.MustRegister(
		&state{sources: s, inFlight: &m.inFlight},
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(
			// Runtime metrics that show where goroutines wait for locks and processors.
			collectors.GoRuntimeMetricsRule{
				Matcher: regexp.MustCompile(
					`^/(sync/mutex/wait/total:seconds|sched/latencies:seconds|sched/pauses/.*|gc/pauses:seconds)$`)},
		)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Handler returns the handler of /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry,
		promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// local stands for the host of sources without network.
const local = "local"

func hostLabel(host string) string {
	if host == "" {
		return local
	}
	return host
}

// Attempted implements fetch.Observer.
func (m *Metrics) Attempted(host string, outcome fetch.Outcome, took time.Duration) {
	m.attempts.WithLabelValues(hostLabel(host), string(outcome)).Observe(took.Seconds())
}

// Fetched implements fetch.Observer.
func (m *Metrics) Fetched(host string, _ tiles.Chunk, outcome fetch.Outcome, took time.Duration) {
	m.chunks.WithLabelValues(hostLabel(host), string(outcome)).Observe(took.Seconds())
}

// Building implements pack.Observer.
func (m *Metrics) Building(tiles.Item) {}

// Built implements pack.Observer.
func (m *Metrics) Built(_ tiles.Item, tally pack.Tally, took time.Duration, err error) {
	outcome := "whole"
	switch {
	case err != nil:
		outcome = "cancelled"
	case tally.Failed > 0:
		outcome = "holes"
	}
	m.textures.WithLabelValues(outcome).Observe(took.Seconds())
}

// Stored implements pack.Observer.
func (m *Metrics) Stored(_ tiles.Item, tally pack.Tally) {
	m.stored.Inc()
	m.holes.Add(float64(tally.Failed))
}

// Worked implements pack.Observer.
func (m *Metrics) Worked(task pack.Task,
	took time.Duration) {
	m.tasks[task].Observe(took.Seconds())
}

// Asked implements mount.Observer.
func (m *Metrics) Asked(op mount.Op, _ tiles.Texture) { m.inFlight[op].Add(1) }

// Answered implements mount.Observer.
func (m *Metrics) Answered(a mount.Answer) {
	m.inFlight[a.Op].Add(-1)
	m.fuse[a.Op][a.From].Observe(a.Took.Seconds())
	if a.Length > 0 {
		m.readBytes[a.From].Add(float64(a.Length))
	}
	if a.Missing {
		m.missing.Inc()
	}
}

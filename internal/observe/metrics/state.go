package metrics

import (
	"strconv"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/xelpack/xelpack/internal/farm"
	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mount"
)

// state collects the metrics that are read from the sources.
type state struct {
	sources  *observe.Sources
	inFlight *[mount.Ops]atomic.Int64
}

// desc is one metric of a state.
type desc struct {
	*prometheus.Desc
	kind prometheus.ValueType
}

func gauge(name, help string, labels ...string) desc {
	return desc{prometheus.NewDesc(namespace+"_"+name, help, labels, nil), prometheus.GaugeValue}
}

func total(name, help string, labels ...string) desc {
	return desc{prometheus.NewDesc(namespace+"_"+name, help, labels, nil), prometheus.CounterValue}
}

var (
	fuseInFlight = gauge("fuse_requests_in_flight",
		"Requests of the kernel that are being answered.", "op")
	fuseWaiting = gauge("fuse_kernel_waiting",
		"Requests that the kernel has queued for the mount or that it waits for.")

	inFlight = gauge("stage_in_flight", "Items in a stage.", "stage")
	queued   = gauge("stage_queue_depth", "Items waiting for a stage.", "stage")
	capacity = gauge("stage_capacity", "Items that fit into a stage at once.", "stage")
	used     = gauge("pool_used_ratio", "Share of a pool that is in use.", "pool")

	workers    = gauge("workers", "Workers by what they do.", "task")
	workerBusy = gauge("worker_busy_seconds",
		"How long a worker has been at its task; 0 when idle.", "worker", "task")

	hostInFlight = gauge("host_in_flight", "Requests in flight to a host.", "host")
	hostQueued   = gauge("host_queue_depth", "Requests waiting for their turn at a host.", "host")
	hostLimit    = gauge("host_limit", "Requests that a host may get at once: the adaptive limit.",
		"host")
	hostRate   = gauge("host_rate_limit", "Limit of requests a second; 0 for none.", "host")
	hostMedian = gauge("host_median_seconds", "Running median of a host's response times.",
		"host")
	hostDown = gauge("host_down", "1 when a host has stopped answering.", "host")

	requests   = total("requests_total", "Requests sent, retries and redirects included.")
	retries    = total("retries_total", "Chunks requested again.")
	hedges     = total("hedges_total", "Second requests for slow chunks.")
	downloaded = total("downloaded_bytes_total", "Bytes of response bodies.")
	chunks     = total("chunks_total", "Chunks of textures by outcome.", "outcome")
	storedSize = total("stored_bytes_total", "Bytes of segments written.")

	farmJobs   = gauge("farm_jobs", "Jobs of a farm by state.", "state")
	farmShares = total("farm_shares_total", "Shares of a farm by what became of them.", "outcome")
	farmStore  = gauge("farm_store_bytes", "Bytes of shares that wait for the coordinator.")
	farmRate   = gauge("farm_worker_requests", "Requests a second of a farm's worker.", "worker")

	opens = total("mount_opens_total", "Opens by what was opened.", "kind")
	reads = total("mount_reads_total", "Reads that reached the mount, by what was read.",
		"kind")
	cacheHits = total("mount_cache_hits_total", "Opens of live textures answered from a cache.",
		"cache")
	evicted     = total("mount_cache_evictions_total", "Textures evicted from the memory cache.")
	onDisk      = gauge("mount_disk_cache_textures", "Textures in the disk cache.")
	prefetched  = total("mount_prefetched_total", "Live textures made before they were asked for.")
	passthrough = total("mount_passthrough_total",
		"Opens of real files that the kernel reads by itself.")
	damaged    = gauge("mount_damaged_textures", "Archived textures served as ground colour.")
	live       = total("mount_live_total", "Live textures by outcome.", "outcome")
	standIns   = total("mount_stand_ins_total", "Opens answered with a stand-in.")
	cacheBytes = gauge("mount_cache_bytes", "Bytes held.", "cache")
)

// Describe implements prometheus.Collector. Which metrics exist depends on the process, so this is
// an unchecked collector.
func (s *state) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (s *state) Collect(out chan<- prometheus.Metric) {
	put := func(d desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d.Desc, d.kind, v, labels...)
	}
	if c := s.sources.Client.Load(); c != nil {
		collectClient(put, c.State(), c.Stats())
	}
	if p := s.sources.Pipeline.Load(); p != nil {
		collectPipeline(put, p.State(), &p.Counts)
	}
	if w := s.sources.Writer.Load(); w != nil {
		put(storedSize, float64(w.Stored()))
	}
	if f := s.sources.Farm.Load(); f != nil {
		collectFarm(put, f.State())
	}
	if f := s.sources.Mount.Load(); f != nil {
		for op := range s.inFlight {
			put(fuseInFlight, float64(s.inFlight[op].Load()), mount.Op(op).String())
		}
		if n, ok := f.KernelWaiting(); ok {
			put(fuseWaiting, float64(n))
		}
		collectMount(put, f.Stats())
	}
}

type putter func(d desc, v float64, labels ...string)

// stage adds the metrics of one stage.
func (put putter) stage(name string, in, waiting, fits int) {
	put(inFlight, float64(in), name)
	put(queued, float64(waiting), name)
	if fits > 0 {
		put(capacity, float64(fits), name)
		put(used, float64(in)/float64(fits), name)
	}
}

// down adds whether a host has stopped answering.
func (put putter) down(host string, is bool) {
	v := 0.0
	if is {
		v = 1
	}
	put(hostDown, v, host)
}

func collectClient(put putter, c fetch.ClientState, n fetch.Stats) {
	put.stage("requests", c.InFlight, c.Waiting, c.Ceiling)
	for _, h := range c.Hosts {
		put(hostInFlight, float64(h.InFlight), h.Host)
		put(hostQueued, float64(h.Queued), h.Host)
		put(hostLimit, float64(h.Limit), h.Host)
		put(hostRate, h.PerSecond, h.Host)
		put(hostMedian, h.Median.Seconds(), h.Host)
		put.down(h.Host, h.Down)
	}
	put(requests, float64(n.Requests))
	put(retries, float64(n.Retries))
	put(hedges, float64(n.Hedges))
	put(downloaded, float64(n.BytesDownloaded))
}

func collectFarm(put putter, f farm.State) {
	for state, n := range map[string]int{"queued": f.Queued, "at_work": f.AtWork, "shared": f.Shares, "dead": f.Dead,
		"done": f.Jobs - f.Left} {
		put(farmJobs, float64(n), state)
	}
	put(farmShares, float64(f.Taken), "taken")
	put(farmShares, float64(f.Again), "again")
	put(farmStore, float64(f.StoreBytes))
	for _, w := range f.Workers {
		put(farmRate, w.Rate, w.Name)
	}
	for _, h := range f.Hosts {
		put(hostRate, h.Limit, h.Host)
		put.down(h.Host, h.Down)
	}
	put(requests, float64(f.Requests))
	put(retries, float64(f.Retries))
	put(downloaded, float64(f.Downloaded))
}

func collectPipeline(put putter, p pack.State, n *pack.Counts) {
	put.stage("textures", p.Textures, p.TexturesWaiting, 0)
	put.stage("chunks", p.Chunks, p.ChunksWaiting, p.Slots)
	put.stage("fetching", p.Fetching, 0, 0)
	put.stage("workers", p.Busy(), p.WorkWaiting, len(p.Workers))
	put.stage("storing", p.Storing, 0, 0)
	put(used, float64(p.Memory)/float64(p.MemoryLimit), "memory")
	var doing [pack.Tasks]int
	for i, w := range p.Workers {
		doing[w.Task]++
		put(workerBusy, w.For.Seconds(), strconv.Itoa(i), w.Task.String())
	}
	for task, n := range doing {
		put(workers, float64(n), pack.Task(task).String())
	}
	put(chunks, float64(n.OK.Load()), "ok")
	put(chunks, float64(n.NoImagery.Load()), "no_imagery")
	put(chunks, float64(n.Failed.Load()), "failed")
}

func collectMount(put putter, m mount.Stats) {
	for kind, t := range map[string]mount.Traffic{"archived": m.Archived, "live": m.Live,
		"real": m.Real} {
		put(opens, float64(t.Opens), kind)
		put(reads, float64(t.Reads), kind)
	}
	put(cacheHits, float64(m.MemoryHits), "memory")
	put(cacheHits, float64(m.DiskHits), "disk")
	put(evicted, float64(m.Evicted))
	put(onDisk, float64(m.OnDisk))
	put(prefetched, float64(m.Prefetched))
	put(passthrough, float64(m.Passthrough))
	put(damaged, float64(m.Damaged))
	put(live, float64(m.Made), "whole")
	put(live, float64(m.Incomplete), "incomplete")
	put(live, float64(m.Failed), "failed")
	put(live, float64(m.Cancelled), "cancelled")
	put(standIns, float64(m.StandIns))
	put.stage("live", m.Making, m.Queued, 0)
	put.stage("opens", m.Waiting, 0, 0)
	put(cacheBytes, float64(m.CacheBytes), "memory")
	put(cacheBytes, float64(m.OpenBytes), "open_files")
}

package mount

import "sync/atomic"

// Stats counts what a mount has done since it began.
type Stats struct {
	Archived Traffic // archived textures
	Live     Traffic // live textures
	Real     Traffic // real files; reads that the kernel passes through are not counted
	// Passthrough is how many opens of real files the kernel passed through.
	Passthrough int64
	// Damaged is how many archived textures were served as ground colour.
	Damaged int64

	Made       int64 // live textures made without holes
	Incomplete int64 // made with holes
	Failed     int64 // making failed
	Cancelled  int64 // cancelled because nobody waited any more
	StandIns   int64 // opens served with a stand-in
	Prefetched int64 // made before they were asked for
	MemoryHits int64 // opens served from memory
	DiskHits   int64 // opens served from the disk cache
	Evicted    int64 // evicted from the memory cache

	Waiting, Making, Queued int   // current: opens that wait, textures being made, textures queued
	CacheBytes, OpenBytes   int64 // current: in the memory cache; in open files (some in both)
	OnDisk                  int   // current: textures in the disk cache
}

// Traffic counts opens, reads, and bytes read.
type Traffic struct{ Opens, Reads, Bytes int64 }

type trafficCounters struct{ opens, reads, bytes atomic.Int64 }

func (c *trafficCounters) read(n int) {
	c.reads.Add(1)
	c.bytes.Add(int64(n))
}

func (c *trafficCounters) traffic() Traffic {
	return Traffic{Opens: c.opens.Load(), Reads: c.reads.Load(), Bytes: c.bytes.Load()}
}

type liveCounters struct {
	hits, diskHits, prefetched, waiting, standIns atomic.Int64
	whole, incomplete, failed, cancelled          atomic.Int64
}

// made counts one making by its outcome. A cancelled one is counted where it is cancelled.
func (n *liveCounters) made(c *content, cancelled error) {
	switch {
	case c != nil && c.final:
		n.whole.Add(1)
	case c != nil:
		n.incomplete.Add(1)
	case cancelled == nil:
		n.failed.Add(1)
	}
}

type counters struct {
	archived, live, real trafficCounters
	passthrough          atomic.Int64
	making               liveCounters
}

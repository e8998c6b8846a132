package mount

import "sync/atomic"

// Stats counts what a mount has done since it began.
type Stats struct {
	Archived Traffic // archived textures
	Live     Traffic // live textures
	Real     Traffic // files of the scenery; with kernel pass-through their reads are not seen here
	// Passthrough is how many opens of real files the kernel reads by itself.
	Passthrough int64
	// Damaged is how many archived textures had to be answered with ground colour.
	Damaged int64

	Made       int64 // live textures made whole
	Incomplete int64 // made with holes
	Failed     int64 // not made
	Cancelled  int64 // not made because nobody waited any more
	StandIns   int64 // opens answered with a stand-in
	Prefetched int64 // made before anybody asked for them
	MemoryHits int64 // opens answered from memory
	DiskHits   int64 // opens answered from the disk cache
	Evicted    int64 // dropped from the memory cache for want of room

	Waiting, Making, Queued int   // now: opens that wait, textures being made, textures yet to be made
	CacheBytes, OpenBytes   int64 // now: held by the memory cache; held by open files, in part the same
	OnDisk                  int   // now: textures in the disk cache
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

// made counts one making by its outcome. One that was cancelled has been counted by who cancelled
// it.
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

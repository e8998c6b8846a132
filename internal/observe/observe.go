// Package observe connects what can be watched (the fetch client, the pipeline, the mount) with the
// watchers: metrics, the status page, the trace, the log.
//
//	watch := observe.All(metrics, board, slow)
//	client := fetch.NewClient(fetch.ClientOptions{Observer: watch})
//	sources.Client.Store(client)
//
// Events are reported as they happen, through an Observer; state, such as the length of a queue, is
// read from Sources when it is needed.
package observe

import (
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/internal/farm"
	"github.com/xelpack/xelpack/internal/follow"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Observer receives all events. Its methods are called from many goroutines at once and must not
// wait.
type Observer interface {
	fetch.Observer
	pack.Observer
	mount.Observer
}

// Sources are the parts of a process whose state can be read. A part that does not exist, or not
// yet, is nil. Safe for concurrent use.
type Sources struct {
	Client   atomic.Pointer[fetch.Client]
	Pipeline atomic.Pointer[pack.Pipeline]
	Mount    atomic.Pointer[mount.FS]
	Writer   atomic.Pointer[mbtiles.Writer]
	Farm     atomic.Pointer[farm.Farm]
	Follow   atomic.Pointer[follow.Follower]
}

// Nobody is a no-op Observer; embed it.
type Nobody struct{}

var _ Observer = Nobody{}

// Attempted implements fetch.Observer.
func (Nobody) Attempted(string, fetch.Outcome, time.Duration) {}

// Fetched implements fetch.Observer.
func (Nobody) Fetched(string, tiles.Chunk, fetch.Outcome, time.Duration) {}

// Building implements pack.Observer.
func (Nobody) Building(tiles.Item) {}

// Built implements pack.Observer.
func (Nobody) Built(tiles.Item, pack.Tally, time.Duration, error) {}

// Stored implements pack.Observer.
func (Nobody) Stored(tiles.Item, pack.Tally) {}

// Worked implements pack.Observer.
func (Nobody) Worked(pack.Task, time.Duration) {}

// Asked implements mount.Observer.
func (Nobody) Asked(mount.Op, tiles.Texture) {}

// Answered implements mount.Observer.
func (Nobody) Answered(mount.Answer) {}

// All returns an Observer that calls each of list, in order.
func All(list ...Observer) Observer {
	if len(list) == 1 {
		return list[0]
	}
	return all(list)
}

type all []Observer

func (a all) Attempted(host string, outcome fetch.Outcome, took time.Duration) {
	for _, o := range a {
		o.Attempted(host, outcome, took)
	}
}

func (a all) Fetched(host string, c tiles.Chunk, outcome fetch.Outcome, took time.Duration) {
	for _, o := range a {
		o.Fetched(host, c, outcome, took)
	}
}

func (a all) Building(it tiles.Item) {
	for _, o := range a {
		o.Building(it)
	}
}

func (a all) Built(it tiles.Item, tally pack.Tally, took time.Duration, err error) {
	for _, o := range a {
		o.Built(it, tally, took, err)
	}
}

func (a all) Stored(it tiles.Item, tally pack.Tally) {
	for _, o := range a {
		o.Stored(it, tally)
	}
}

func (a all) Worked(task pack.Task, took time.Duration) {
	for _, o := range a {
		o.Worked(task, took)
	}
}

func (a all) Asked(op mount.Op, t tiles.Texture) {
	for _, o := range a {
		o.Asked(op, t)
	}
}

func (a all) Answered(answer mount.Answer) {
	for _, o := range a {
		o.Answered(answer)
	}
}

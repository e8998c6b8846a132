package pack

import (
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Observer receives the events of a Pipeline. Its methods are called from many goroutines at once
// and must not wait.
type Observer interface {
	// Building is called when work on a texture begins, after it has got memory.
	Building(it tiles.Item)
	// Built is called when that work has ended. An error means that ctx ended or that the texture
	// cannot be built at all; holes are in the tally.
	Built(it tiles.Item, tally Tally, took time.Duration, err error)
	// Stored is called when Build has passed a texture to the archive's writer, or has kept the
	// better stored one; the tally is that of the texture kept.
	Stored(it tiles.Item, tally Tally)
	// Worked is called when a worker has done a task.
	Worked(task Task, took time.Duration)
}

// Task is a kind of work that takes a worker.
type Task uint8

// The tasks.
const (
	TaskIdle   Task = iota // none
	TaskChunk              // decode a chunk, its mips, its blocks
	TaskParent             // decode a chunk of a lower zoom level
	// a piece of a parent enlarged and its blocks, or those of ground colour
	TaskFill
	TaskFinish   // the small mip levels of a texture
	TaskCompress // a texture's file into segments of an archive
	Tasks        // the number of tasks
)

// String returns the task's name in lower case.
func (t Task) String() string {
	return [...]string{"idle", "chunk", "parent", "fill", "finish", "compress", "?"}[min(t, Tasks)]
}

// State is the state of a Pipeline at one moment.
type State struct {
	Workers []WorkerState

	Textures        int // being built
	TexturesWaiting int // waiting for memory
	Memory          int64
	MemoryLimit     int64

	Chunks        int // holding a slot: being fetched, waiting for a worker, or with one
	ChunksWaiting int // waiting for a slot
	Slots         int // total
	Fetching      int // of Chunks: being fetched

	WorkWaiting int // tasks waiting for a worker
	Storing     int // textures waiting for the archive's writer
}

// WorkerState is the state of one worker.
type WorkerState struct {
	Task Task
	For  time.Duration // for how long
}

// Busy returns how many workers have a task.
func (s State) Busy() int {
	n := 0
	for _, w := range s.Workers {
		if w.Task != TaskIdle {
			n++
		}
	}
	return n
}

// load counts the work in each part of a Pipeline.
type load struct {
	textures, texturesWaiting, memory, chunks, chunksWaiting, fetching, workWaiting, storing atomic.Int64
}

// within increments n until the returned function is called.
func within(n *atomic.Int64) (end func()) {
	n.Add(1)
	return func() { n.Add(-1) }
}

// State returns the pipeline's current state.
func (p *Pipeline) State() State {
	l := &p.load
	s := State{
		Textures: int(l.textures.Load()), TexturesWaiting: int(l.texturesWaiting.Load()),
		Memory: l.memory.Load(), MemoryLimit: p.limit,
		Chunks: int(l.chunks.Load()), ChunksWaiting: int(
			l.chunksWaiting.Load()), Slots: p.nSlots, Fetching: int(l.fetching.Load()),
		WorkWaiting: int(l.workWaiting.Load()), Storing: int(l.storing.Load()),
	}
	now := time.Now()
	for _, w := range p.all {
		doing := w.doing.Load()
		if doing == nil {
			s.Workers = append(s.Workers, WorkerState{})
			continue
		}
		s.Workers = append(s.Workers, WorkerState{doing.task, now.Sub(doing.since)})
	}
	return s
}

// doing is a running task.
type doing struct {
	task  Task
	since time.Time
}

// do runs f with w, and reports it.
func (p *Pipeline) do(w *worker, task Task, f func(*worker) error) error {
	start := time.Now()
	w.doing.Store(&doing{task, start})
	defer func() {
		if p.observer != nil {
			p.observer.Worked(task, time.Since(start))
		}
		w.doing.Store(nil)
	}()
	return f(w)
}

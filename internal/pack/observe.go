package pack

import (
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Observer hears of what a Pipeline does. Its methods are called from many goroutines at once and
// must not wait.
type Observer interface {
	// Building is called when work on a texture begins: there is memory for it.
	Building(it tiles.Item)
	// Built is called when that work has ended. An error means that ctx ended or that the texture
	// cannot be built at all; holes are in the tally.
	Built(it tiles.Item, tally Tally, took time.Duration, err error)
	// Stored is called when Build has given a texture to the archive's writer, or has kept the
	// better one that is there; the tally is that of what is kept.
	Stored(it tiles.Item, tally Tally)
	// Worked is called when a worker has done a task.
	Worked(task Task, took time.Duration)
}

// Task is a kind of work that takes a worker.
type Task uint8

// The tasks.
const (
	TaskIdle     Task = iota // none
	TaskChunk                // decode a chunk, its mips, its blocks
	TaskParent               // decode a chunk of a shallower zoom level
	TaskFill                 // a piece of a parent enlarged and its blocks, or those of ground colour
	TaskFinish               // the small mip levels of a texture
	TaskCompress             // a texture's file into segments of an archive
	Tasks                    // how many there are
)

// String returns the task's name in lower case.
func (t Task) String() string {
	return [...]string{"idle", "chunk", "parent", "fill", "finish", "compress", "?"}[min(t, Tasks)]
}

// State is what a Pipeline is doing at one moment.
type State struct {
	Workers []WorkerState

	Textures        int // being built
	TexturesWaiting int // for memory
	Memory          int64
	MemoryLimit     int64

	Chunks        int // that hold a slot: being fetched, waiting for a worker, or with one
	ChunksWaiting int // for a slot
	Slots         int // how many there are
	Fetching      int // of Chunks: at the source

	WorkWaiting int // tasks that wait for a worker
	Storing     int // textures that wait for the archive's writer
}

// WorkerState is what one worker is doing.
type WorkerState struct {
	Task Task
	For  time.Duration // for how long
}

// Busy returns how many workers have something to do.
func (s State) Busy() int {
	n := 0
	for _, w := range s.Workers {
		if w.Task != TaskIdle {
			n++
		}
	}
	return n
}

// load counts what is where in a Pipeline.
type load struct {
	textures, texturesWaiting, memory, chunks, chunksWaiting, fetching, workWaiting, storing atomic.Int64
}

// within counts one more in n until the returned function is called.
func within(n *atomic.Int64) (end func()) {
	n.Add(1)
	return func() { n.Add(-1) }
}

// State returns what the pipeline is doing now.
func (p *Pipeline) State() State {
	l := &p.load
	s := State{
		Textures: int(l.textures.Load()), TexturesWaiting: int(l.texturesWaiting.Load()),
		Memory: l.memory.Load(), MemoryLimit: p.limit,
		Chunks: int(l.chunks.Load()), ChunksWaiting: int(l.chunksWaiting.Load()), Slots: p.nSlots, Fetching: int(l.fetching.Load()),
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

// doing is a task under way.
type doing struct {
	task  Task
	since time.Time
}

// do runs f with w, and lets it be known.
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

// Package replay repeats on a mount the requests that a trace recorded.
//
//	report, err := replay.Run(ctx, reader.Events(), "/path/to/mount", replay.Options{Speed: 1})
//
// Every open of the trace becomes an open of the texture at the same moment of the flight (Speed
// times as fast), followed by the same reads at the same intervals. Textures are dropped from the
// kernel's page cache after use, so that the mount answers each time, unless Options.KeepCache is
// set.
//
// Run it in another process than the one that serves the mount.
package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options tune a replay. The zero value replays as fast as the mount answers.
type Options struct {
	// Speed is a multiple of the flight's speed; 0: without waiting.
	Speed float64
	// AtOnce is how many textures are in use at once. Default 64. When all are busy, the next ones
	// wait and are late.
	AtOnce int
	// KeepCache leaves textures in the page cache.
	KeepCache bool
	// Limit ends the replay after this part of the trace. 0: no limit.
	Limit time.Duration
	// Begin is called once the amount of work is known, with the progress, which may be read at any
	// time. Nil: not called.
	Begin func(*Progress)
}

// Progress is the progress of a replay. Safe for concurrent use.
type Progress struct {
	total int
	end   time.Duration
	opens atomic.Int64
	at    atomic.Int64
}

// Opens returns how many uses of textures have begun, and the total.
func (p *Progress) Opens() (begun, of int) { return int(p.opens.Load()), p.total }

// Flight returns the current time of the trace, and its end.
func (p *Progress) Flight() (at, end time.Duration) { return time.Duration(p.at.Load()), p.end }

// Report is the result of a replay. Scripts rely on its JSON; times are in seconds.
type Report struct {
	Seconds  float64 `json:"seconds"`  // duration of the replay
	Flight   float64 `json:"flight"`   // duration of the replayed part of the trace
	Textures int     `json:"textures"` // distinct
	Opens    int     `json:"opens"`
	Reads    int     `json:"reads"`
	Bytes    int64   `json:"bytes"`
	Missing  int     `json:"missing"` // opens of names that do not exist
	Short    int     `json:"short"`   // reads inside the file that returned too few bytes
	Failed   int     `json:"failed"`  // opens and reads that failed otherwise
	// opens that began over 100 ms late because AtOnce were in use
	Late    int           `json:"late"`
	MaxLate float64       `json:"max_late"`
	Open    trace.Latency `json:"open"`
	Read    trace.Latency `json:"read"`
	Names   []string      `json:"missing_names"` // the first few of them
	Errors  []string      `json:"errors"`        // the first few of them
}

// session is one use of a texture: an open and the reads up to the next open.
type session struct {
	file  string
	start time.Duration
	last  time.Duration // start of its latest request
	size  int64         // of the file in the trace; 0: unknown
	reads []read
}

// idle is how long a texture may go without requests before it is closed; it is opened again for
// the next one. It must not keep others waiting.
const idle = 5 * time.Second

type read struct {
	after  time.Duration // since the session's start
	off, n int64
}

// sessions groups events into uses of textures, ordered by their start. Reads without a preceding
// open are a use of their own.
func sessions(events iter.Seq[trace.Event], limit time.Duration) []*session {
	var all []*session
	current := make(map[tiles.Texture]*session)
	for e := range events {
		if limit > 0 && e.Start > limit {
			continue
		}
		s := current[e.Texture]
		if e.Op != trace.OpRead || s == nil || e.Start-s.last > idle {
			s = &session{file: e.Texture.File(), start: e.Start, last: e.Start, size: e.Size}
			all = append(all, s)
			current[e.Texture] = s
		}
		if e.Op == trace.OpRead {
			s.last = max(s.last, e.Start)
			s.reads = append(s.reads, read{max(0, e.Start-s.start), e.Offset, e.Length})
		}
	}
	slices.SortStableFunc(all, func(a, b *session) int { return cmp.Compare(a.start, b.start) })
	return all
}

// Run replays events on the textures of the mount at mountpoint. The report has all answers of the
// mount, including errors. The error is ctx's, or says that there is nothing at mountpoint. The
// report is valid also if ctx ends.
func Run(ctx context.Context, events iter.Seq[trace.Event], mountpoint string,
	o Options) (Report, error) {
	dir := filepath.Join(mountpoint, "textures")
	if err := readable(dir); err != nil {
		return Report{}, fmt.Errorf("replay: %s: %w: is anything mounted at %s?", dir, err,
			mountpoint)
	}
	r := &run{o: o, dir: dir, names: make(map[string]bool), buffers: sync.Pool{New: func() any {
		b := make([]byte, maxRead)
		return &b
	}}}
	all := sessions(events, o.Limit)
	progress := &Progress{total: len(all)}
	if len(all) > 0 {
		progress.end = all[len(all)-1].start
	}
	var g errgroup.Group
	g.SetLimit(cmp.Or(o.AtOnce, 64))
	r.start = time.Now()
	if o.Begin != nil {
		o.Begin(progress)
	}
	for _, s := range all {
		if r.wait(ctx, s.start) != nil {
			break
		}
		progress.at.Store(int64(s.start))
		progress.opens.Add(1)
		r.report.Flight = s.start.Seconds()
		g.Go(func() error { r.session(ctx, s); return nil })
	}
	_ = g.Wait() // sessions return no errors: they are counted
	return r.finish(), ctx.Err()
}

// maxRead is the longest single read.
const maxRead = 1 << 20

type run struct {
	o       Options
	dir     string
	start   time.Time
	buffers sync.Pool

	mu          sync.Mutex
	report      Report
	names       map[string]bool
	opens, gets []time.Duration
}

// wait waits for the given time of the flight.
func (r *run) wait(ctx context.Context, at time.Duration) error {
	if r.o.Speed <= 0 {
		return ctx.Err()
	}
	d := time.Until(r.due(at))
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *run) due(at time.Duration) time.Time {
	return r.start.Add(time.Duration(float64(at) / r.o.Speed))
}

// session opens, reads and closes one texture.
func (r *run) session(ctx context.Context, s *session) {
	if ctx.Err() != nil {
		return
	}
	began := time.Now()
	if r.o.Speed > 0 {
		r.late(began.Sub(r.due(s.start)))
	}
	fd, err := open(filepath.Join(r.dir, s.file))
	r.opened(s.file, time.Since(began), err)
	if err != nil {
		return
	}
	defer func() { _ = closeFile(fd) }()
	if !r.o.KeepCache {
		defer forget(fd)
	}
	buf := r.buffers.Get().(*[]byte)
	defer r.buffers.Put(buf)
	size, err := sizeOf(fd)
	if err != nil {
		r.failed(s.file, err)
		return
	}
	for _, rd := range s.reads {
		if r.wait(ctx, s.start+rd.after) != nil {
			return
		}
		for off, left := s.place(rd, size); left > 0; {
			want := min(left, maxRead)
			asked := time.Now()
			n, err := pread(fd, (*buf)[:want], off)
			r.got(s.file, time.Since(asked), n, want, err)
			if err != nil || n <= 0 {
				break
			}
			off, left = off+int64(n), left-int64(n)
		}
	}
}

// place returns the range of a read in a file that now has the given size. Files of different
// widths have the same levels counted from the end, so the range keeps its distance from the end as
// far as possible.
func (s *session) place(rd read, size int64) (off, n int64) {
	off, end := rd.off, rd.off+rd.n
	if s.size > 0 && off >= dds.HeaderSize {
		off, end = max(dds.HeaderSize, off+size-s.size), end+size-s.size
	}
	return off, min(end, size) - off
}

const (
	lateness = 100 * time.Millisecond
	kept     = 10 // names and errors in a report
)

func (r *run) late(by time.Duration) {
	if by < lateness {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Late++
	r.report.MaxLate = max(r.report.MaxLate, by.Seconds())
}

func (r *run) opened(file string, took time.Duration, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Opens++
	r.names[file] = true
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.report.Missing++
		if len(r.report.Names) < kept {
			r.report.Names = append(r.report.Names, file)
		}
	case err != nil:
		r.fail(file, err)
	default:
		r.opens = append(r.opens, took)
	}
}

func (r *run) got(file string, took time.Duration, n int, want int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Reads++
	if err != nil {
		r.fail(file, err)
		return
	}
	r.gets = append(r.gets, took)
	r.report.Bytes += int64(n)
	if int64(n) < want {
		r.report.Short++
		if n == 0 {
			r.fail(file, io.ErrUnexpectedEOF)
		}
	}
}

func (r *run) failed(file string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail(file, err)
}

// fail counts a failure. r.mu is held.
func (r *run) fail(file string, err error) {
	r.report.Failed++
	if len(r.report.Errors) < kept {
		r.report.Errors = append(r.report.Errors, file+": "+err.Error())
	}
}

func (r *run) finish() Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	rep := r.report
	rep.Seconds = time.Since(r.start).Seconds()
	rep.Textures = len(r.names)
	rep.Open, rep.Read = trace.Distribution(r.opens), trace.Distribution(r.gets)
	return rep
}

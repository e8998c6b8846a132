// Package progress shows a person how far a long piece of work is. In a pipe it shows nothing.
//
//	bar := progress.New(os.Stderr, chunks, textures, func() progress.State { … })
//	defer bar.Close()
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// interval is how often the line is drawn anew.
const interval = 200 * time.Millisecond

// State is how far the work is.
type State struct {
	Chunks   int64
	Textures int64
	Bytes    int64 // downloaded
}

// Bar is one line on a terminal: a bar of chunks with rates and the time left.
type Bar struct {
	bar      *progressbar.ProgressBar // nil in a pipe
	out      io.Writer
	textures int
	state    func() State
	start    time.Time
	stop     chan struct{}
	done     sync.WaitGroup
}

// New starts a bar on w over the given totals, if w is a terminal. state is asked for the progress a few times a second, from another goroutine,
// until Close.
func New(w io.Writer, chunks, textures int, state func() State) *Bar {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &Bar{}
	}
	b := &Bar{
		bar: progressbar.NewOptions64(int64(chunks),
			progressbar.OptionSetWriter(w),
			progressbar.OptionShowCount(),
			progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("chunks"),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetWidth(20),
			progressbar.OptionThrottle(interval/2),
		),
		out:      w,
		textures: textures,
		state:    state,
		start:    time.Now(),
		stop:     make(chan struct{}),
	}
	b.done.Go(b.run)
	return b
}

func (b *Bar) run() {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		b.draw()
		select {
		case <-tick.C:
		case <-b.stop:
			return
		}
	}
}

func (b *Bar) draw() {
	s := b.state()
	rate := float64(s.Bytes) / 1e6 / max(time.Since(b.start).Seconds(), 0.1)
	b.bar.Describe(fmt.Sprintf("%d/%d textures %.1f MB/s", s.Textures, b.textures, rate))
	// A terminal that went away is no reason to stop the work.
	_ = b.bar.Set64(min(s.Chunks, b.bar.GetMax64()))
}

// Close draws the last state and ends the line.
func (b *Bar) Close() {
	if b.bar == nil {
		return
	}
	close(b.stop)
	b.done.Wait()
	b.draw()
	_ = b.bar.Exit()
	fmt.Fprintln(b.out)
}

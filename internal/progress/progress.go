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

// Bar is one line on a terminal: a bar with what is said beside it, and the time left. In a pipe there is none.
type Bar struct {
	bar  *progressbar.ProgressBar // nil in a pipe
	out  io.Writer
	look func() (done int64, text string)
	stop chan struct{}
	done sync.WaitGroup
}

// New starts a bar of chunks with rates on w over the given totals, if w is a terminal. state is asked for the progress a few times a second, from another
// goroutine, until Close.
func New(w io.Writer, chunks, textures int, state func() State) *Bar {
	start := time.Now()
	return Watch(w, int64(chunks), func() (int64, string) {
		s := state()
		rate := float64(s.Bytes) / 1e6 / max(time.Since(start).Seconds(), 0.1)
		return s.Chunks, fmt.Sprintf("%d/%d textures %.1f MB/s", s.Textures, textures, rate)
	}, progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("chunks"))
}

// Watch starts a bar on w from 0 to total, if w is a terminal. look is asked a few times a second, from another goroutine, until Close.
func Watch(w io.Writer, total int64, look func() (done int64, text string), more ...progressbar.Option) *Bar {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &Bar{}
	}
	b := &Bar{
		bar: progressbar.NewOptions64(total, append([]progressbar.Option{
			progressbar.OptionSetWriter(w),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetWidth(20),
			progressbar.OptionThrottle(interval / 2),
		}, more...)...),
		out:  w,
		look: look,
		stop: make(chan struct{}),
	}
	b.done.Go(b.run)
	return b
}

// Beside returns a writer of lines, one a Write, for where a Bar may be on w: it wipes the bar away, which draws itself anew below.
func Beside(w io.Writer) io.Writer {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return w
	}
	return beside{w}
}

type beside struct{ out io.Writer }

func (b beside) Write(line []byte) (int, error) {
	if _, err := b.out.Write(append([]byte("\r\x1b[K"), line...)); err != nil {
		return 0, err
	}
	return len(line), nil
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
	done, text := b.look()
	b.bar.Describe(text)
	// A terminal that went away is no reason to stop the work.
	_ = b.bar.Set64(min(done, b.bar.GetMax64()))
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

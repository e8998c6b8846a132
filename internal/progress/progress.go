// Package progress shows the progress of long work: one line on a terminal, however narrow. Not on
// a terminal it shows nothing, except that a build logs a line a minute.
//
//	bar := progress.New(os.Stderr, chunks, textures, func() progress.State { … }, log)
//	defer bar.Close()
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// interval is how often the line is redrawn, and logInterval how often a line is logged without a
// terminal.
const (
	interval    = 200 * time.Millisecond
	logInterval = time.Minute
)

// State is the progress of a build.
type State struct {
	Chunks   int64
	Textures int64
	Bytes    int64 // downloaded
}

// Bar is a line on a terminal with the share done, facts and the time left. Not on a terminal there
// is none.
type Bar struct {
	show func()        // draws or logs the current state; nil: nowhere to show it
	end  func()        // ends the line; nil: no line
	stop chan struct{} // ends run
	done sync.WaitGroup
}

// New starts a bar on w for a build with the given totals. It calls state a few times a second,
// from another goroutine, until Close. If w is not a terminal, log gets a line a minute instead.
func New(w io.Writer, chunks, textures int, state func() State, log func(line string)) *Bar {
	start := time.Now()
	look := func() point {
		s, elapsed := state(), time.Since(start)
		return point{"", min(s.Chunks, int64(chunks)), int64(chunks), []string{
			fmt.Sprintf("%d/%d textures", s.Textures, textures),
			megabytes(s.Bytes, elapsed),
			fmt.Sprintf("%.0f chunks/s", float64(s.Chunks)/max(elapsed.Seconds(), 0.1)),
			fmt.Sprintf("%d/%d chunks", s.Chunks, chunks),
		}}
	}
	if terminal(w) == nil {
		b := &Bar{show: func() { log(look().words(200, time.Since(start))) }}
		b.run(logInterval)
		return b
	}
	return watch(terminal(w), start, look)
}

// Watch starts a bar on w from 0 to total, if w is a terminal. It calls look a few times a second,
// from another goroutine, until Close, for the progress and for facts, the most important first.
func Watch(w io.Writer, total int64, look func() (done int64, facts []string)) *Bar {
	f := terminal(w)
	if f == nil {
		return &Bar{}
	}
	return watch(f, time.Now(), func() point {
		done, facts := look()
		return point{"", min(done, total), total, facts}
	})
}

func watch(f *os.File, start time.Time, look func() point) *Bar {
	b := &Bar{show: func() { draw(f, look(), time.Since(start)) }}
	b.end = func() {
		b.show()
		fmt.Fprintln(f)
	}
	b.show()
	b.run(interval)
	return b
}

// run shows the state regularly, in a goroutine, until Close.
func (b *Bar) run(every time.Duration) {
	b.stop = make(chan struct{})
	b.done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				b.show()
			case <-b.stop:
				return
			}
		}
	})
}

// Close draws the last state and ends the line.
func (b *Bar) Close() {
	if b.stop == nil {
		return
	}
	close(b.stop)
	b.done.Wait()
	if b.end != nil {
		b.end()
	}
}

// wipe erases a terminal's line.
const wipe = "\r\x1b[K"

// draw shows p on a terminal's line. Errors are ignored: a closed terminal must not stop the work.
func draw(f *os.File, p point, elapsed time.Duration) {
	_, _ = io.WriteString(f, wipe+p.render(columns(f.Fd()), elapsed))
}

// terminal returns w if it is a terminal, or nil.
func terminal(w io.Writer) *os.File {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

func megabytes(n int64, elapsed time.Duration) string {
	return fmt.Sprintf("%.1f MB/s", float64(n)/1e6/max(elapsed.Seconds(), 0.1))
}

// Beside returns a writer for lines, one a Write, to the terminal that a Bar may be using: it
// erases the bar, which is redrawn below.
func Beside(w io.Writer) io.Writer {
	if terminal(w) == nil {
		return w
	}
	return beside{w}
}

type beside struct{ out io.Writer }

func (b beside) Write(line []byte) (int, error) {
	if _, err := b.out.Write(append([]byte(wipe), line...)); err != nil {
		return 0, err
	}
	return len(line), nil
}

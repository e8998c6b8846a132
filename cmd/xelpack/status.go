package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/xelpack/xelpack/internal/observe/logs"
)

// statusInterval is how often the status line is drawn anew.
const statusInterval = time.Second

// statusLine is a writer of messages with, on a terminal, a line below them that says how things
// stand. In a pipe or a file there are only the messages.
type statusLine struct {
	out      io.Writer
	terminal *os.File // nil: none
	every    time.Duration

	mu    sync.Mutex
	text  func() string // nil: no line
	drawn bool
	stop  chan struct{}
	done  sync.WaitGroup
}

func newStatusLine(w io.Writer) *statusLine {
	s := &statusLine{out: w, every: statusInterval}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.terminal = f
	}
	return s
}

// newStatusLineBehind returns a status line whose writers never wait for w, be it a terminal that
// is stopped or a pipe that nobody reads, and what is to be closed in the end. Nor does the process
// die of a pipe whose reader has gone: a mount has more to do than to talk. What was dropped is
// said as log is written.
func newStatusLineBehind(w io.Writer, log logOptions) (*statusLine, *logs.Behind) {
	signal.Ignore(syscall.SIGPIPE)
	s := newStatusLine(w)
	lost := func(n int) { fmt.Fprintf(s, "%d messages were dropped here, because nobody took them\n", n) }
	if log.LogJSON {
		lost = func(n int) {
			slog.New(slog.NewJSONHandler(s, nil)).Warn("messages were dropped here, because nobody took them", "messages", n)
		}
	}
	behind := logs.NewBehind(w, lost)
	s.out = behind
	return s, behind
}

// Write puts a message above the line.
func (s *statusLine) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	n, err := s.out.Write(p)
	s.draw()
	return n, err
}

// show draws the line that text returns, and again every so often, until clear.
func (s *statusLine) show(text func() string) {
	if s.terminal == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text, s.stop = text, make(chan struct{})
	s.draw()
	s.done.Go(func() {
		tick := time.NewTicker(s.every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				s.mu.Lock()
				s.erase()
				s.draw()
				s.mu.Unlock()
			case <-s.stop:
				return
			}
		}
	})
}

// clear takes the line away.
func (s *statusLine) clear() {
	s.mu.Lock()
	shown := s.text != nil
	s.erase()
	s.text = nil
	s.mu.Unlock()
	if shown {
		close(s.stop)
		s.done.Wait()
	}
}

// hungUp reports that there was a terminal and is none any more.
func (s *statusLine) hungUp() bool {
	if s.terminal == nil {
		return false
	}
	_, err := term.GetState(int(s.terminal.Fd()))
	return err != nil
}

func (s *statusLine) erase() {
	if s.drawn {
		fmt.Fprint(s.out, "\r\x1b[K")
		s.drawn = false
	}
}

func (s *statusLine) draw() {
	if s.text == nil {
		return
	}
	line := []rune(s.text())
	if width, _, err := term.GetSize(int(s.terminal.Fd())); err == nil && width > 0 && len(line) >= width {
		line = line[:width-1]
	}
	fmt.Fprint(s.out, string(line))
	s.drawn = true
}

package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// statusInterval is the interval at which the status line is redrawn.
const statusInterval = time.Second

// StatusLine is a writer of messages with, on a terminal, a line below them that says how things
// stand. In a pipe or a file there are only the messages.
type StatusLine struct {
	out      io.Writer
	terminal *os.File // nil: none
	every    time.Duration

	mu    sync.Mutex
	text  func() string // nil: no line
	drawn bool
	stop  chan struct{}
	done  sync.WaitGroup
}

// NewStatusLine makes a status line on w.
func NewStatusLine(w io.Writer) *StatusLine {
	return &StatusLine{out: w, terminal: terminal(w), every: statusInterval}
}

// SetOutput has what is written go to out, which leads to the terminal as well.
func (s *StatusLine) SetOutput(out io.Writer) { s.out = out }

// Write puts a message above the line.
func (s *StatusLine) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	n, err := s.out.Write(p)
	s.draw()
	return n, err
}

// Show draws the line that text returns, and again every so often, until Clear.
func (s *StatusLine) Show(text func() string) {
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

// Clear takes the line away.
func (s *StatusLine) Clear() {
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

// HungUp reports that the terminal was closed.
func (s *StatusLine) HungUp() bool {
	if s.terminal == nil {
		return false
	}
	_, err := term.GetState(int(s.terminal.Fd()))
	return err != nil
}

func (s *StatusLine) erase() {
	if s.drawn {
		fmt.Fprint(s.out, "\r\x1b[K")
		s.drawn = false
	}
}

func (s *StatusLine) draw() {
	if s.text == nil {
		return
	}
	line := []rune(s.text())
	if width, _, err := term.GetSize(int(s.terminal.Fd())); err == nil && width > 0 &&
		len(line) >= width {
		line = line[:width-1]
	}
	fmt.Fprint(s.out, string(line))
	s.drawn = true
}

package progress

import (
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"syscall"

	"github.com/xelpack/xelpack/internal/observe/logs"
)

// NewStatusLineBehind returns a status line whose writers never wait for w, even for a stopped
// terminal or a pipe that is not read, and what must be closed at the end. A closed pipe does not
// end the process either: a mount has more to do than to talk. Dropped messages are reported, as
// JSON if the log is.
func NewStatusLineBehind(w io.Writer, asJSON bool) (*StatusLine, *logs.Behind) {
	signal.Ignore(syscall.SIGPIPE)
	s := NewStatusLine(w)
	lost := func(n int) {
		fmt.Fprintf(s, "%d messages were dropped here because the output was blocked\n", n)
	}
	if asJSON {
		lost = func(n int) {
			slog.New(slog.NewJSONHandler(s, nil)).Warn(
				"messages were dropped here because the output was blocked", "messages", n)
		}
	}
	behind := logs.NewBehind(w, lost)
	s.SetOutput(behind)
	return s, behind
}

// Meters shows one Meter after another, of work that names its steps.
type Meters struct {
	out io.Writer
	now *Meter
}

// NewMeters returns meters on w, which show something only if w is a terminal.
func NewMeters(w io.Writer) *Meters { return &Meters{out: w, now: &Meter{}} }

// Set reports progress of a step. That of an earlier one is at its end.
func (m *Meters) Set(what string, done, total int64) {
	if m.now.what != what {
		m.now.Close()
		m.now = NewMeter(m.out, what)
	}
	m.now.Set(done, total)
}

// Close ends the line.
func (m *Meters) Close() { m.now.Close() }

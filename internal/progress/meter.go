package progress

import (
	"fmt"
	"io"
	"os"
	"time"
)

// Meter is a progress line about bytes being copied, with rate and time left. Not on a terminal it
// shows nothing.
//
//	m := progress.NewMeter(os.Stderr, "merge")
//	defer m.Close()
//	m.Set(done, total) // from one goroutine at a time
type Meter struct {
	out         *os.File // nil if not a terminal
	what        string
	start, last time.Time // times of the first Set and of the last drawing
}

// NewMeter returns a meter on w, which shows something only if w is a terminal.
func NewMeter(w io.Writer, what string) *Meter { return &Meter{out: terminal(w), what: what} }

// Set reports progress.
func (m *Meter) Set(done, total int64) {
	now := time.Now()
	if m.out == nil || now.Sub(m.last) < interval/2 && done < total {
		return
	}
	if m.start.IsZero() {
		m.start = now
	}
	m.last = now
	elapsed := now.Sub(m.start)
	draw(m.out, point{m.what, done, total, []string{
		fmt.Sprintf("%.1f of %.1f MB", float64(done)/1e6, float64(total)/1e6), megabytes(done,
			elapsed),
	}}, elapsed)
}

// Close ends the line.
func (m *Meter) Close() {
	if !m.last.IsZero() {
		fmt.Fprintln(m.out)
	}
}

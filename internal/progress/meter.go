package progress

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Meter is one line on a terminal about bytes that are copied, with their rate and the time left. In a pipe it shows nothing.
//
//	m := progress.NewMeter(os.Stderr, "merge")
//	defer m.Close()
//	m.Set(done, total) // from one goroutine at a time
type Meter struct {
	out  io.Writer // nil in a pipe
	what string
	bar  *progressbar.ProgressBar // nil before the first Set
}

// NewMeter makes a meter on w, if w is a terminal.
func NewMeter(w io.Writer, what string) *Meter {
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return &Meter{}
	}
	return &Meter{out: w, what: what}
}

// Set says how far the work is.
func (m *Meter) Set(done, total int64) {
	if m.out == nil {
		return
	}
	if m.bar == nil {
		m.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(m.out),
			progressbar.OptionSetDescription(m.what),
			progressbar.OptionShowBytes(true),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetWidth(20),
			progressbar.OptionThrottle(100*time.Millisecond),
		)
	}
	// A terminal that went away is no reason to stop the work.
	_ = m.bar.Set64(min(done, total))
}

// Close ends the line.
func (m *Meter) Close() {
	if m.bar != nil {
		_ = m.bar.Exit()
		fmt.Fprintln(m.out)
	}
}

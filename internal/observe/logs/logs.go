// Package logs makes the process's logger: text or JSON, from a given level up, limited to what a
// reader can follow.
//
//	log := logs.New(os.Stderr, logs.Options{Level: slog.LevelInfo, JSON: true})
//
// Of one message only a few lines are written in a period of time; the next line written says how
// many were left out. Otherwise a thousand opens during an outage would hide the one line that
// matters.
package logs

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/xelpack/xelpack/internal/words"
)

// Options are the settings of a logger.
type Options struct {
	Level slog.Level // lowest level written; default info
	JSON  bool
	// Lines is how many lines of one message are written in a period of Within. Defaults: 10 lines
	// in 10 s.
	Lines  int
	Within time.Duration

	now func() time.Time // for tests
}

// ParseLevel reads "debug", "info", "warn" or "error".
func ParseLevel(s string) (slog.Level, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(s)); err != nil {
		return l, fmt.Errorf("unknown log level %q (want debug, info, warn or error)", s)
	}
	return l, nil
}

// New returns a logger that writes to w, one line at a time.
func New(w io.Writer, o Options) *slog.Logger {
	ho := &slog.HandlerOptions{Level: o.Level,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if err, ok := a.Value.Any().(error); ok {
				a.Value = slog.StringValue(words.Of(err))
			}
			return a
		}}
	var h slog.Handler = slog.NewTextHandler(w, ho)
	if o.JSON {
		h = slog.NewJSONHandler(w, ho)
	}
	if o.now == nil {
		o.now = time.Now
	}
	return slog.New(&limited{h, &limits{
		lines: cmp.Or(o.Lines, 10), within: cmp.Or(o.Within,
			10*time.Second), now: o.now, messages: make(map[string]*stretch),
	}})
}

// limited is a handler that drops records beyond the limits.
type limited struct {
	slog.Handler
	limits *limits
}

// limits are shared by all handlers made from one.
type limits struct {
	lines  int
	within time.Duration
	now    func() time.Time

	mu       sync.Mutex
	messages map[string]*stretch // by message: mostly constants, but libraries add figures
}

// maxMessages is how many messages have a count of their own. Further ones share one count.
const maxMessages = 256

// stretch is the current period in which lines of a message are counted.
type stretch struct {
	since         time.Time
	written, left int
}

// of returns the count of message. l.mu is held.
func (l *limits) of(message string) *stretch {
	if l.messages[message] == nil && len(l.messages) >= maxMessages {
		now := l.now()
		maps.DeleteFunc(l.messages,
			func(_ string, s *stretch) bool { return s.left == 0 && now.Sub(s.since) >= l.within })
		if len(l.messages) >= maxMessages {
			message = "" // the shared count
		}
	}
	s := l.messages[message]
	if s == nil {
		s = &stretch{since: l.now()}
		l.messages[message] = s
	}
	return s
}

// pass reports whether a line of message may be written, and how many before it were left out.
func (l *limits) pass(message string) (yes bool, left int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.of(message)
	if now := l.now(); now.Sub(s.since) >= l.within {
		left = s.left
		*s = stretch{since: now}
	}
	if s.written >= l.lines {
		s.left++
		return false, 0
	}
	s.written++
	return true, left
}

// Handle implements slog.Handler.
func (h *limited) Handle(ctx context.Context, r slog.Record) error {
	yes, left := h.limits.pass(r.Message)
	if !yes {
		return nil
	}
	if left > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("left_out", left))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *limited) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &limited{h.Handler.WithAttrs(attrs), h.limits}
}

// WithGroup implements slog.Handler.
func (h *limited) WithGroup(name string) slog.Handler {
	return &limited{h.Handler.WithGroup(name), h.limits}
}

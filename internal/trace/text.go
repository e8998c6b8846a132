package trace

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/xelpack/xelpack/internal/units"
)

// WriteText writes the summary for people.
func (s Summary) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(b, "%-11s "+format+"\n", append([]any{name}, args...)...)
	}
	line("time", "%s", units.Duration(time.Duration(s.Seconds*float64(time.Second))))
	line("textures", "%s, %s, %s, %s read", units.Count(s.Textures), units.Plural(s.Opens, "open"),
		units.Plural(s.Reads, "read"), units.Bytes(s.Bytes))
	line("at once", "%s requests at most; %s in the busiest second", units.Count(s.MaxInFlight),
		units.Plural(s.PeakOpens, "open"))
	for _, source := range []string{"archive", "memory", "disk", "live", "fallback"} {
		if n, ok := s.BySource[source]; ok {
			line("  "+source, "%s, %s, %s", units.Plural(n.Opens, "open"),
				units.Plural(n.Reads, "read"), units.Bytes(n.Bytes))
		}
	}
	for _, l := range []struct {
		name string
		Latency
	}{{"opens", s.Open}, {"reads", s.Read}} {
		line(l.name, "%s", l.Latency)
	}
	line("mip levels", "(width: bytes, reads that touched it)")
	for _, l := range s.ByLevel {
		name := fmt.Sprintf("  %d px", l.Pixels)
		if l.Pixels == 0 {
			name = "  header"
		}
		line(name, "%s, %s", units.Bytes(l.Bytes), units.Count(l.Reads))
	}
	if len(s.Slowest) > 0 {
		line("slowest", "")
	}
	for _, x := range s.Slowest {
		line("", "%s of %s from %s: %s, at %s", x.Op, x.Texture, x.Source, units.Seconds(x.Seconds),
			units.Duration(time.Duration(x.At*float64(time.Second))))
	}
	for _, l := range []struct {
		name  string
		names []string
	}{{"missing", s.Missing}, {"stand-ins", s.StandIns}} {
		if n := len(l.names); n > 0 {
			line(l.name, "%s: %s", units.Count(n), units.Few(l.names))
		}
	}
	if s.Lost > 0 {
		line("lost", "%s, which came faster than they could be written",
			units.Plural(s.Lost, "event"))
	}
	return b.Flush()
}

// String formats the latencies for people.
func (l Latency) String() string {
	if l.Count == 0 {
		return "none"
	}
	return fmt.Sprintf("%s: median %s, p90 %s, p99 %s, p99.9 %s, longest %s",
		units.Count(l.Count), units.Seconds(l.P50), units.Seconds(l.P90), units.Seconds(
			l.P99), units.Seconds(l.P999), units.Seconds(l.Max))
}

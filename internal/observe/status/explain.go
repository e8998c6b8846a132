package status

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// explained is how many waits are explained.
const explained = 5

// explain explains in plain words what the work waits for, the longest wait first. b.mu is held.
func (b *Board) explain(c fetch.ClientState, p pack.State) []string {
	said := []string{}
	for i, w := range p.Workers {
		if w.For > observe.Stuck {
			said = append(said, fmt.Sprintf("Worker %d is stuck: at one task (%s) for %s.", i+1,
				w.Task, duration(w.For)))
		}
	}
	for _, h := range c.Hosts {
		if h.Refused {
			said = append(said, fmt.Sprintf(
				"%s refuses requests (401 or 403); trying again once a minute.", h.Host))
		}
		if h.Down {
			said = append(said, fmt.Sprintf(
				"%s has stopped answering (it %s); trying again now and then, and the rest waits.",
				h.Host, fetch.Explain(h.Cause)))
		}
	}
	type waiting struct {
		texture int32
		*wait
	}
	var longest []waiting
	for i, w := range b.waits {
		longest = append(longest, waiting{i, w})
	}
	slices.SortFunc(longest, func(x, y waiting) int {
		return cmp.Or(x.since.Compare(y.since), cmp.Compare(x.texture, y.texture))
	})
	reason := bottleneck(c, p)
	for _, w := range longest[:min(len(longest), explained)] {
		who := "An open has"
		if w.n > 1 {
			who = fmt.Sprintf("%d opens have", w.n)
		}
		said = append(said, fmt.Sprintf("%s waited %s for %s to be made: %s.", who,
			duration(time.Since(w.since)), b.texture(w.texture).Name(), reason))
	}
	if more := len(longest) - explained; more > 0 {
		said = append(said, fmt.Sprintf("Opens wait for %s more textures.", units.Count(more)))
	}
	if b.o.What != "mount" && b.ended == "" && len(said) == 0 && p.Textures+p.TexturesWaiting > 0 {
		said = append(said, "The limit is  "+reason+".")
	}
	return said
}

// bottleneck returns what holds up the textures that are being made.
func bottleneck(c fetch.ClientState, p pack.State) string {
	var slowest fetch.HostState
	for _, h := range c.Hosts {
		if h.Down {
			return h.Host + " " + fetch.Explain(h.Cause)
		}
		if h.InFlight+h.Queued > slowest.InFlight+slowest.Queued {
			slowest = h
		}
	}
	busy := len(p.Workers) > 0 && p.Busy() == len(p.Workers)
	switch {
	case p.Storing > 0 && p.Storing >= p.Textures:
		return fmt.Sprintf("the disk (%d textures wait to be written)", p.Storing)
	case busy && p.WorkWaiting > len(p.Workers):
		return fmt.Sprintf("the processor (%d of %d workers busy, %s tasks waiting)", p.Busy(),
			len(p.Workers), units.Count(p.WorkWaiting))
	case slowest.PerSecond > 0 && slowest.Queued > 0:
		return fmt.Sprintf("the rate that %s accepts (%.0f requests a second, %s waiting)",
			slowest.Host, slowest.PerSecond, units.Count(slowest.Queued))
	case slowest.InFlight > 0:
		return fmt.Sprintf("imagery from %s (%d of %d requests in flight, %s waiting, %s each)",
			slowest.Host, slowest.InFlight, slowest.Limit, units.Count(slowest.Queued), duration(
				slowest.Median))
	case p.TexturesWaiting > 0 && p.Textures > 0:
		return fmt.Sprintf("memory (%d textures in work, %s waiting for memory)", p.Textures,
			units.Count(p.TexturesWaiting))
	case busy:
		return fmt.Sprintf("the processor (all %d workers busy)", len(p.Workers))
	case p.Fetching > 0:
		return fmt.Sprintf("imagery (%s chunks being fetched)", units.Count(p.Fetching))
	}
	return "its turn among the others"
}

// duration formats a time for people.
func duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 90*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f min", d.Minutes())
}

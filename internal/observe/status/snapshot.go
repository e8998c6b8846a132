package status

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/xelpack/xelpack/internal/farm"
	"github.com/xelpack/xelpack/internal/follow"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Snapshot is the content of the page at one moment; /status.json serves it.
type Snapshot struct {
	What    string         `json:"what"`
	Title   string         `json:"title"`
	Seconds float64        `json:"seconds"` // since the beginning
	Ended   string         `json:"ended"`   // why the work has ended; "" while it runs
	Summary string         `json:"summary"` // everything in a sentence
	Report  pack.Report    `json:"report"`  // the figures of build --json so far
	Counts  map[string]int `json:"counts"`  // textures by state
	Undrawn int            `json:"undrawn"`
	Stages  []Stage        `json:"stages"`
	Hosts   []Host         `json:"hosts"`
	Waits   []string       `json:"waits"` // what the slowest parts wait for
	Slow    []Slow         `json:"slow"`  // the slowest recent answers
	Mount   *mount.Stats   `json:"mount,omitempty"`
	Farm    *farm.State    `json:"farm,omitempty"` // builds by many machines only
	// mounts only, while a simulator flies: the aircraft, and what is made ahead of it
	Follow *follow.View `json:"follow,omitempty"`
	// mounts only: where textures were opened recently
	Window   *Window  `json:"window,omitempty"`
	Workers  []Worker `json:"workers"`
	Sample   Sample   `json:"sample"`
	Textures int      `json:"textures"` // that are drawn
}

// Stage is one part of the work and its queue.
type Stage struct {
	Name    string `json:"name"`
	In      int    `json:"in"`
	Waiting int    `json:"waiting"`
	Fits    int    `json:"fits"` // 0: no limit
}

// Host is the state of a provider's host.
type Host struct {
	Name     string  `json:"name"`
	InFlight int     `json:"in_flight"`
	Queued   int     `json:"queued"`
	Limit    int     `json:"limit"`
	Median   float64 `json:"median"` // seconds
	Rate     float64 `json:"rate"`   // good answers a second
	Down     bool    `json:"down"`
}

// Worker is the state of one worker.
type Worker struct {
	Task    string  `json:"task"`
	Seconds float64 `json:"seconds"`
}

// Slow is a slow answer.
type Slow struct {
	Texture string  `json:"texture"`
	Op      string  `json:"op"`
	From    string  `json:"from"`
	Seconds float64 `json:"seconds"`
	Ago     float64 `json:"ago"` // seconds

	at time.Time
}

const (
	slowFrom = 250 * time.Millisecond
	slowKept = 8
	slowFor  = 5 * time.Minute
)

// remember keeps a if it is among the slowest recent answers. b.mu is held.
func (b *Board) remember(a mount.Answer) {
	now := time.Now()
	b.slow = slices.DeleteFunc(b.slow, func(s Slow) bool { return now.Sub(s.at) > slowFor })
	b.slow = append(b.slow, Slow{Texture: a.Texture.Name(), Op: a.Op.String(),
		From: a.From.String(), Seconds: a.Took.Seconds(), at: now})
	slices.SortFunc(b.slow, func(x, y Slow) int { return cmp.Compare(y.Seconds, x.Seconds) })
	b.slow = b.slow[:min(len(b.slow), slowKept)]
}

// Snapshot returns the current content.
func (b *Board) Snapshot() Snapshot {
	s := Snapshot{
		What: b.o.What, Seconds: time.Since(b.began).Seconds(),
		Counts: make(
			map[string]int), Stages: []Stage{}, Hosts: []Host{}, Waits: []string{}, Slow: []Slow{},
		Workers: []Worker{},
	}
	var client fetch.ClientState
	var pipe pack.State
	if c := b.sources.Client.Load(); c != nil {
		client = c.State()
		n := c.Stats()
		s.Report.Requests, s.Report.Retries, s.Report.Outages, s.Report.BytesDownloaded = n.Requests, n.Retries, n.Outages, n.BytesDownloaded
		s.Stages = append(s.Stages,
			Stage{"requests in flight", client.InFlight, client.Waiting, client.Ceiling})
		for _, h := range client.Hosts {
			s.Hosts = append(s.Hosts,
				Host{h.Host, h.InFlight, h.Queued, h.Limit, h.Median.Seconds(), h.Accepted, h.Down})
		}
	}
	if p := b.sources.Pipeline.Load(); p != nil {
		pipe = p.State()
		n := &p.Counts
		s.Report.Built = int(n.Textures.Load())
		s.Report.Chunks.OK, s.Report.Chunks.NoImagery, s.Report.Chunks.Failed = n.OK.Load(), n.NoImagery.Load(), n.Failed.Load()
		s.Report.Causes = n.Causes()
		s.Stages = append(s.Stages,
			Stage{"textures in work", pipe.Textures, pipe.TexturesWaiting, 0},
			Stage{"chunks in work", pipe.Chunks, pipe.ChunksWaiting, pipe.Slots},
			Stage{"workers", pipe.Busy(), pipe.WorkWaiting, len(pipe.Workers)},
			Stage{"waiting for the archive's writer", pipe.Storing, 0, 0})
		for _, w := range pipe.Workers {
			s.Workers = append(s.Workers, Worker{w.Task.String(), w.For.Seconds()})
		}
	}
	if f := b.sources.Farm.Load(); f != nil {
		s.addFarm(f)
	}
	if w := b.sources.Writer.Load(); w != nil {
		s.Report.BytesStored = w.Stored()
	}
	s.Follow = b.sources.Follow.Load().View()
	if f := b.sources.Mount.Load(); f != nil {
		stats := f.Stats()
		s.Mount = &stats
		s.Stages = append(s.Stages,
			Stage{"opens that wait", stats.Waiting, 0, 0},
			Stage{"textures made live", stats.Making, stats.Queued, 0})
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s.Title = b.ground.Title
	s.Report.Textures, s.Report.Skipped, s.Report.ElapsedSeconds = b.planned, b.skipped, s.Seconds
	s.Ended, s.Undrawn, s.Textures = b.ended, b.undrawn, len(b.textures)
	for state, n := range b.counts {
		s.Counts[State(state).String()] = n
	}
	for _, x := range b.slow {
		x.Ago = time.Since(x.at).Seconds()
		s.Slow = append(s.Slow, x)
	}
	s.Sample = b.windows.latest()
	s.Window = b.window(time.Since(b.began))
	s.Waits = b.explain(client, pipe)
	s.Summary = b.summary(s)
	return s
}

// addFarm shows the state of a build by many machines. Its workers are those.
func (s *Snapshot) addFarm(f *farm.Farm) {
	now := f.State()
	s.Farm, s.Report = &now, f.Report()
	s.Stages = append(s.Stages,
		Stage{"jobs with workers", now.AtWork, now.Queued, now.Left},
		Stage{"shares in the store", now.Shares, 0, 0},
		Stage{"jobs begun again, or their shares refused", now.Again + now.Redelivered, 0, 0},
		Stage{"dead letters", now.Dead, 0, 0})
	for _, h := range now.Hosts {
		s.Hosts = append(s.Hosts, Host{Name: h.Host, Limit: int(h.Limit), Rate: h.PerSecond, Down: h.Down})
	}
	for _, p := range now.Workers {
		s.Workers = append(s.Workers, Worker{Task: p.Name + ": " + p.Text(now.Build)})
	}
}

// summary returns everything in a sentence. b.mu is held.
func (b *Board) summary(s Snapshot) string {
	switch {
	case b.ended != "":
		return b.ended
	case b.o.What == "mount":
		return fmt.Sprintf("Serving %s textures; %s were asked for, %s generated live, %s "+
			"stand-ins, %s missing.", units.Count(b.counts[Packed]+b.counts[Used]+b.counts[Holes]),
			units.Count(b.counts[Used]+b.counts[Made]+b.counts[StandIn]), units.Count(
				b.counts[Made]), units.Count(b.counts[StandIn]), units.Count(b.counts[Missing]))
	}
	done := s.Report.Built + s.Report.Skipped
	text := fmt.Sprintf("%s of %s textures packed", units.Count(done), units.Count(b.planned))
	if left := b.planned - done; s.Report.Built > 0 && left > 0 {
		text += ", " + b.left(s.Seconds, s.Report.Built, left)
	}
	if b.counts[Holes] > 0 {
		text += fmt.Sprintf("; %s with holes that need repair", units.Count(b.counts[Holes]))
	}
	return text + "."
}

// left estimates how long the rest takes at the rate so far.
func (b *Board) left(seconds float64, built, left int) string {
	d := time.Duration(seconds / float64(built) * float64(left) * float64(time.Second))
	if d < time.Minute {
		return "less than a minute left"
	}
	return fmt.Sprintf("about %s min left", units.Count(int(d.Minutes()+.5)))
}

// texture returns a drawn texture.
func (b *Board) texture(i int32) tiles.Texture {
	x := b.textures[i]
	return tiles.Texture{Row: x.row * tiles.TextureChunks, Col: x.col * tiles.TextureChunks,
		ZL: x.zl, Maptype: b.maptypes[x.maptype]}
}

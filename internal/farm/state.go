package farm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/units"
)

// State is how a farm's build stands. Scripts rely on its JSON.
type State struct {
	Coordinator string `json:"coordinator"` // a random word; "" if none is at work
	Build       string `json:"build"`
	Archive     string `json:"archive"`
	Host        string `json:"host"` // of the coordinator
	Textures    int    `json:"textures"`
	Have        int    `json:"have"` // textures in the archive
	Jobs        int    `json:"jobs"`
	Left        int    `json:"left"` // jobs that are not in the archive
	Seen
	Dead     int         `json:"dead"`
	Again    int         `json:"again"` // shares that were refused, or lost
	Taken    int         `json:"taken"` // shares
	Audited  int         `json:"audited"`
	Auditing int         `json:"auditing"`
	Differ   []string    `json:"differ,omitempty"` // workers that built otherwise
	Hosts    []HostState `json:"hosts,omitempty"`
	Spent
	Seconds     float64 `json:"seconds"`      // since the coordinator began
	SecondsLeft float64 `json:"seconds_left"` // 0: not known
}

// Seen is what the server says.
type Seen struct {
	Queued      int        `json:"queued"`  // jobs that wait
	AtWork      int        `json:"at_work"` // jobs with workers
	Redelivered int        `json:"redelivered"`
	Shares      int        `json:"shares"` // that wait for the coordinator
	StoreBytes  int64      `json:"store_bytes"`
	Workers     []Presence `json:"workers,omitempty"`
}

// State returns the present state.
func (f *Farm) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	left := 0
	for n := range f.todo {
		left += len(f.todo[n])
	}
	s := State{
		Coordinator: f.self, Build: f.Build, Archive: f.Archive, Host: f.Host, Textures: f.Textures, Have: f.Textures - left,
		Jobs: len(f.jobs), Left: len(f.todo), Seen: f.seen, Dead: len(f.dead), Again: f.again, Taken: f.shares,
		Audited: f.audited, Auditing: len(f.audits), Differ: slices.Clone(f.differ), Hosts: f.budget.state(), Spent: f.spent,
	}
	if !f.began.IsZero() {
		s.Seconds = time.Since(f.began).Seconds()
	}
	if f.have > 0 {
		s.SecondsLeft = s.Seconds / float64(f.have) * float64(left)
	}
	return s
}

const sweepEvery = time.Minute

// look watches the server, and calls end when every job is in the archive or given up.
func (f *Farm) look(ctx context.Context, end func()) error {
	swept, lost := time.Now(), newHealer()
	for ctx.Err() == nil {
		one, cancel := context.WithTimeout(ctx, apiTimeout)
		seen, shares, err := f.glance(one)
		if err == nil && time.Since(swept) > sweepEvery {
			swept = time.Now()
			err = f.store.sweep(one, shares)
		}
		if err == nil {
			err = lost.heal(one, f.q, time.Now())
		}
		cancel()
		if err == nil {
			f.mu.Lock()
			f.seen = seen
			f.mu.Unlock()
			f.unaudited(seen.Workers)
		} // else the server is away: it is looked for again
		f.mu.Lock()
		f.over = len(f.audits) == 0
		for n := range f.todo {
			if _, dead := f.dead[n]; !dead {
				f.over = false
				break
			}
		}
		over := f.over
		f.mu.Unlock()
		if over {
			end()
			return nil
		}
		select {
		case <-time.After(time.Second / 2):
		case <-f.last:
		case <-ctx.Done():
		}
	}
	return nil
}

// glance asks the server how things stand, and which jobs have shares.
func (f *Farm) glance(ctx context.Context) (s Seen, shares map[int]bool, err error) {
	found, err := f.q.present(ctx, kindShare, kindDead)
	if err != nil {
		return s, nil, err
	}
	for n := range found[kindDead] {
		f.mu.Lock()
		_, known := f.dead[n]
		f.mu.Unlock()
		if known || n >= len(f.jobs) {
			continue
		}
		m, err := f.q.stream.GetLastMsgForSubject(ctx, subject(f.Build, kindDead, n))
		if err != nil {
			return s, nil, err
		}
		d := Dead{Job: Job{N: n, Items: f.jobs[n]}, Why: "unknown"}
		_ = json.Unmarshal(m.Data, &d) // it counts all the same
		f.mu.Lock()
		if f.dead[n] = d; len(d.Items) == 0 {
			f.dead[n] = Dead{Job: Job{N: n, Items: f.jobs[n]}, Why: d.Why}
		}
		f.mu.Unlock()
		f.note(fmt.Sprintf("job %d is given up: %s: %s", n, d.Worker, d.Why))
	}
	if s, err = seenOf(ctx, f.q, f.hb); err == nil {
		s.Shares = len(found[kindShare])
		s.StoreBytes, err = f.store.size(ctx)
	}
	return s, found[kindShare], err
}

// seenOf asks for the jobs and the workers of a build.
func seenOf(ctx context.Context, q queue, hb jetstream.KeyValue) (s Seen, err error) {
	jobs, err := q.stream.Consumer(ctx, kindJob)
	if err != nil {
		return s, err
	}
	info := jobs.CachedInfo()
	s.Queued, s.AtWork, s.Redelivered = int(info.NumPending), info.NumAckPending, info.NumRedelivered
	s.Workers, err = presences(ctx, hb)
	return s, err
}

// presences returns who is at work.
func presences(ctx context.Context, hb jetstream.KeyValue) (list []Presence, err error) {
	keys, err := hb.Keys(ctx)
	if errors.Is(err, jetstream.ErrNoKeysFound) {
		return nil, nil
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, "worker.") {
			continue
		}
		e, err := hb.Get(ctx, key)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var p Presence
		if json.Unmarshal(e.Value(), &p) == nil {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b Presence) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// Look returns the states of all builds of a server.
func Look(ctx context.Context, server Server) (list []State, err error) {
	nc, js, err := server.connect("status")
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	kv, err := js.KeyValue(ctx, builds)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, server.explain(err)
	}
	hb, err := js.KeyValue(ctx, live)
	if err != nil {
		return nil, server.explain(err)
	}
	all, err := contracts(ctx, kv)
	if err != nil {
		return nil, server.explain(err)
	}
	for _, c := range all {
		s := State{Build: c.Build, Archive: c.Archive, Host: c.Host, Textures: c.Textures, Jobs: c.Jobs, Left: -1, Have: -1}
		q := queue{id: c.Build, js: js}
		if q.stream, err = js.Stream(ctx, streamName(c.Build)); err == nil {
			s.Seen, err = seenOf(ctx, q, hb)
		}
		if e, errGet := hb.Get(ctx, "coordinator."+c.Build); err == nil && errGet == nil {
			err = json.Unmarshal(e.Value(), &s)
		}
		if err != nil {
			return nil, server.explain(err)
		}
		list = append(list, s)
	}
	return list, nil
}

// WriteText writes states for people.
func WriteText(w io.Writer, list []State) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "no builds")
		return err
	}
	for _, s := range list {
		if err := s.WriteText(w); err != nil {
			return err
		}
	}
	return nil
}

// WriteText writes a state for people.
func (s State) WriteText(w io.Writer) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s (build %s, on %s)\n", s.Archive, s.Build, s.Host)
	if s.Coordinator == "" {
		fmt.Fprintf(b, "  no coordinator is running: start the same build again; until then no provider is asked\n")
	} else {
		fmt.Fprintf(b, "  textures    %s of %s%s\n", units.Count(s.Have), units.Count(s.Textures), left(s.SecondsLeft))
	}
	fmt.Fprintf(b, "  jobs        %s, %d queued, %d at work, %d again, %d dead\n", units.Count(s.Jobs), s.Queued, s.AtWork, s.Again+s.Redelivered, s.Dead)
	fmt.Fprintf(b, "  shares      %s taken, %d waiting, %s in the store\n", units.Count(s.Taken), s.Shares, units.Bytes(s.StoreBytes))
	if s.Audited+s.Auditing > 0 {
		fmt.Fprintf(b, "  audit       %d equal or settled, %d open\n", s.Audited, s.Auditing)
	}
	for _, name := range s.Differ {
		fmt.Fprintf(b, "  differs     %s\n", name)
	}
	for _, h := range s.Hosts {
		limit := "no limit"
		if h.Limit > 0 {
			limit = fmt.Sprintf("at most %.0f/s", h.Limit)
		}
		if h.Down {
			limit = "it has stopped answering"
		}
		fmt.Fprintf(b, "  provider    %s: %.0f answers/s, %s\n", h.Host, h.PerSecond, limit)
	}
	for _, p := range s.Workers {
		fmt.Fprintf(b, "  worker      %s: %s\n", p.Name, p.Text(s.Build))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func left(seconds float64) string {
	if seconds == 0 {
		return ""
	}
	return ", about " + units.Duration(time.Duration(seconds*float64(time.Second))) + " left"
}

// Text says what a worker does for a build.
func (p Presence) Text(build string) string {
	switch {
	case p.Refused != "":
		return p.Refused
	case p.Build == "":
		return "waiting"
	case p.Build != build:
		return "at work on build " + p.Build
	}
	return fmt.Sprintf("%s, %s, %.0f requests/s, jobs %v", units.Plural(p.Built, "job"), units.Plural(p.Textures, "texture"), p.Rate, p.AtWork)
}

// Progress is the state for a progress bar.
func (f *Farm) Progress() progress.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := &f.counts.Chunks
	return progress.State{Chunks: c.OK + c.NoImagery + c.Failed, Textures: int64(f.counts.Built), Bytes: f.spent.Downloaded}
}

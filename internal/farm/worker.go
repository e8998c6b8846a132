package farm

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/usage"
)

// WorkerOptions describe a worker.
type WorkerOptions struct {
	Server  Server
	Jobs    int // built at once
	Imagery imagery.Options
	Name    string       // "": the machine's name, the process's number and a random word
	Note    func(string) // called with notes for people

	// Until ends the worker when it is closed; nil: never. Its parent's end, for example.
	Until <-chan struct{}

	wrap  func(builder) builder // nil: the pipeline as it is
	check func(Contract) error  // nil: what the contract asks for
	tries uint64                // of a job; 0: mostTries
}

// builder makes shares.
type builder interface {
	// share builds a job into a file and returns the digest.
	share(ctx context.Context, j Job, file string) (digest string, err error)
	// stats returns the totals so far
	stats() Spent
}

const (
	// mostTries is how often a job is begun before it goes to the dead letters.
	mostTries = 10
	lookEvery = 2 * time.Second
)

// worker is a worker that is connected.
type worker struct {
	WorkerOptions
	nc   *nats.Conn
	js   jetstream.JetStream
	dir  string
	mu   sync.Mutex
	self Presence
	said string
}

// Presence is what a worker says of itself.
type Presence struct {
	Name     string  `json:"name"`
	Host     string  `json:"host"`
	Build    string  `json:"build,omitempty"`   // that it works for
	Refused  string  `json:"refused,omitempty"` // why it works for none
	AtWork   []int   `json:"at_work,omitempty"` // jobs
	Built    int     `json:"built"`             // jobs
	Textures int     `json:"textures"`
	Rate     float64 `json:"requests_per_second"`
	Problem  string  `json:"problem,omitempty"` // the latest
	Spent
}

var unsafe = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// Work helps with builds until ctx ends; then the jobs in hand go back.
func Work(ctx context.Context, o WorkerOptions) error {
	if o.Until != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		go func() {
			select {
			case <-o.Until:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	if o.Name == "" {
		o.Name = fmt.Sprintf("%s-%d-%s", host, os.Getpid(), strings.ToLower(rand.Text()[:4]))
	}
	o.Name = unsafe.ReplaceAllString(o.Name, "-")
	w := &worker{WorkerOptions: o, self: Presence{Name: o.Name, Host: host}}
	dir, remove, err := tempDir()
	if err != nil {
		return err
	}
	defer remove()
	w.dir = dir
	for w.nc == nil { // the server may be started later
		w.nc, w.js, err = o.Server.connect("worker " + o.Name)
		if wrong := (usage.Error{}); errors.Is(err, errDenied) || errors.As(err, &wrong) {
			return err
		}
		if err != nil {
			w.say(fmt.Sprintf("waiting: %v", err))
			if sleep(ctx, lookEvery); ctx.Err() != nil {
				return nil
			}
		}
	}
	defer w.leave(context.WithoutCancel(ctx))
	closed := w.nc.StatusChanged(nats.CLOSED)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-closed:
			cancel(o.Server.explain(errors.Join(w.nc.LastError(), nats.ErrConnectionClosed)))
		case <-ctx.Done():
		}
	}()
	w.say("connected to " + o.Server.hidden())
	for ctx.Err() == nil {
		c, refused, err := w.choose(ctx)
		if refused != "" {
			w.say(refused)
		}
		switch {
		case err != nil:
			w.say(fmt.Sprintf("waiting: %v", o.Server.explain(err)))
		case c == nil && refused == "":
			w.say("waiting for a build")
		case c != nil:
			err = w.help(ctx, *c)
			if err != nil && ctx.Err() == nil {
				w.problem(err)
			}
			continue
		}
		w.show(ctx)
		sleep(ctx, lookEvery)
	}
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// say notes what has changed.
func (w *worker) say(text string) {
	w.mu.Lock()
	old := w.said
	w.said = text
	w.mu.Unlock()
	if old != text && w.Note != nil {
		w.Note(text)
	}
}

func (w *worker) problem(err error) {
	w.mu.Lock()
	w.self.Problem = err.Error()
	w.mu.Unlock()
	w.say(err.Error())
}

// choose returns the contract of a build that this worker can help with; nil if there is none. If
// there are builds that it is not given jobs of, refused says why.
func (w *worker) choose(ctx context.Context) (chosen *Contract, refused string, err error) {
	kv, err := w.js.KeyValue(ctx, builds)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	list, err := contracts(ctx, kv)
	if err != nil {
		return nil, "", err
	}
	var refusals []string
	for _, c := range list {
		err := w.agree(ctx, kv, c)
		if err == nil {
			chosen = &c
			break
		}
		refusals = append(refusals, fmt.Sprintf("not given jobs of %s (build %s): %v", c.Archive, c.Build, err))
	}
	refused = strings.Join(refusals, "; ")
	w.mu.Lock()
	w.self.Build, w.self.Refused = "", refused
	if chosen != nil {
		w.self.Build, w.self.Refused = chosen.Build, ""
	}
	w.mu.Unlock()
	return chosen, refused, nil
}

// contracts returns those of all builds.
func contracts(ctx context.Context, kv jetstream.KeyValue) (list []Contract, err error) {
	keys, err := kv.Keys(ctx)
	if errors.Is(err, jetstream.ErrNoKeysFound) {
		return nil, nil
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, "build.") {
			continue
		}
		e, err := kv.Get(ctx, key)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var c Contract
		if json.Unmarshal(e.Value(), &c) == nil {
			list = append(list, c)
		}
	}
	return list, err
}

// agree returns why this worker cannot help with a build, or nil.
func (w *worker) agree(ctx context.Context, kv jetstream.KeyValue, c Contract) error {
	if e, err := kv.Get(ctx, banKey(c.Build, w.Name)); err == nil {
		return errors.New(string(e.Value()))
	}
	if w.check != nil {
		return w.check(c)
	}
	_, err := c.provider(w.Imagery)
	return err
}

func banKey(build, worker string) string { return "ban." + build + "." + worker }

// help works for a build until it is over or ctx ends.
func (w *worker) help(ctx context.Context, c Contract) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	q := queue{id: c.Build, js: w.js}
	var err error
	if q.stream, err = w.js.Stream(ctx, streamName(c.Build)); err != nil {
		return err
	}
	jobs, errJobs := q.stream.Consumer(ctx, kindJob)
	audits, errAudits := q.stream.Consumer(ctx, kindAudit)
	if err := errors.Join(errJobs, errAudits); err != nil {
		return err
	}
	var o objects
	if c.Shares != "" {
		o, err = openFolder(c.Shares, c.Build)
	} else {
		o, err = openStore(ctx, w.js, c.Build, false)
	}
	if err != nil {
		return err
	}
	l := newLease(w.nc, c.Build, w.Name)
	m, err := newMaker(ctx, c, w.Imagery, l, w.problemText)
	if err != nil {
		return err
	}
	defer m.close()
	b := builder(m)
	if w.wrap != nil {
		b = w.wrap(m)
	}
	w.say(fmt.Sprintf("helping with %s (build %s, on %s)", c.Archive, c.Build, c.Host))
	s := &session{worker: w, c: c, q: q, objects: o, b: b, ackWait: jobs.CachedInfo().Config.AckWait}
	var g errgroup.Group
	g.Go(func() error { l.run(ctx); return nil })
	g.Go(func() error { // until the build is over
		defer cancel()
		for ctx.Err() == nil {
			w.account(s)
			w.show(ctx)
			kv, err := w.js.KeyValue(ctx, builds)
			if err == nil {
				_, err = kv.Get(ctx, "build."+c.Build)
			}
			if err == nil {
				if _, errBan := kv.Get(ctx, banKey(c.Build, w.Name)); errBan == nil {
					return nil
				}
			}
			if errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrBucketNotFound) {
				return nil
			}
			sleep(ctx, lookEvery)
		}
		return nil
	})
	for range max(1, w.Jobs) {
		g.Go(func() error { s.loop(ctx, jobs, audits); return nil })
	}
	err = g.Wait()
	w.mu.Lock()
	w.self.Build, w.self.AtWork = "", nil
	w.mu.Unlock()
	w.say("the build " + c.Build + " is over, or this worker is to leave")
	w.show(context.WithoutCancel(ctx))
	return err
}

// leave says that the worker is gone.
func (w *worker) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	if kv, err := w.js.KeyValue(ctx, live); err == nil {
		_ = kv.Purge(ctx, "worker."+w.Name) // it vanishes by itself, too
	}
	_ = w.nc.FlushTimeout(lookEvery) // what is lost is noticed by its absence
	w.nc.Close()
}

func (w *worker) problemText(text string) { w.problem(errors.New(text)) }

// show lets others see this worker.
func (w *worker) show(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	kv, err := w.js.KeyValue(ctx, live)
	if err != nil {
		return // there is no build yet, or no server
	}
	w.mu.Lock()
	body, err := json.Marshal(w.self)
	w.mu.Unlock()
	if err == nil {
		_, _ = kv.Put(ctx, "worker."+w.Name, body) // the next one will
	}
}

func (w *worker) share(name string) string { return filepath.Join(w.dir, name+suffix) }

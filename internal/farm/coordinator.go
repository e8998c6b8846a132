package farm

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options say how a build is given to a farm.
type Options struct {
	Server  Server
	Workers int     // on this machine, with an embedded server, if Server.URL is LocalURL; 0: one a processor
	Shares  string  // a folder that all see, for shares; "": the server's object store
	Audit   float64 // share of the jobs that another worker builds again, from 0 to 1
	Trusted bool    // secrets in the provider's description may go to the server

	jobSize int           // textures of a job at most; 0: sizeFor
	liveFor time.Duration // how long who is gone seems to be at work; 0: usualLiveFor
	ackWait time.Duration // how long a worker may be silent; 0: usualAckWait
}

// usualLiveFor outlasts a server that is started again.
const usualLiveFor = 15 * time.Second

// usualAckWait outlasts a line that is cut for 20 seconds.
const usualAckWait = 45 * time.Second

// Validate checks the options by themselves.
func (o Options) Validate() error {
	switch {
	case o.Workers < 0 || o.Workers > 64:
		return usage.Errorf("--farm-workers %d: must be between 1 and 64", o.Workers)
	case !(o.Audit >= 0 && o.Audit <= 1):
		return usage.Errorf("--audit: want 0%% to 100%%")
	case o.Shares != "" && !isFolder(o.Shares):
		return usage.Errorf("--shares %s: no such folder: make it where all machines see it", o.Shares)
	case o.Server.URL == LocalURL:
		return nil
	case o.Workers > 0:
		return usage.Errorf("--farm-workers is for --farm local: start `xelpack worker` on the machines that help")
	}
	return o.Server.Validate()
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Farm is a build by many.
type Farm struct {
	Options
	Contract
	note     func(string)
	observer build.Observer // told of textures that come; nil: none
	plan     *plan.Plan
	jobs     [][]tiles.Item
	server   Server
	budget   *budget
	store    objects
	q        queue
	kv, hb   jetstream.KeyValue // contracts, and who is at work
	taken    jetstream.KeyValue // shares in the archive, by job; nil: no audit
	self     string             // tells this coordinator from others of the build
	held     context.Context    // until another has the build
	nc       *nats.Conn
	began    time.Time
	dir      string // for shares that are being checked

	last chan struct{} // has a message when nothing is left to do

	mu      sync.Mutex
	todo    map[int][]tiles.Item // by job: what the archive lacks
	by      map[int]string       // who built it
	wrong   map[int]bool         // textures in the archive are of a worker that builds otherwise
	dead    map[int]Dead
	audits  map[int]Share // that are not back yet, by job
	sampled map[int]bool
	audited int
	differ  []string // workers that were found to build differently
	again   int      // shares that were refused
	shares  int      // taken
	spent   Spent
	counts  pack.Report
	have    int // textures taken
	skipped int // textures that were there
	over    bool
	seen    Seen // on the server
}

// New prepares a farm for a plan. The options are those of the build, for its workers.
func New(p *plan.Plan, b build.Options, o Options) (*Farm, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	local := o.Server.URL == LocalURL
	c, err := contractOf(p, b, o.Trusted || local)
	if err != nil {
		return nil, err
	}
	f := &Farm{Options: o, Contract: c, plan: p, note: b.Note, observer: b.Observer, jobs: group(p.Items, cmp.Or(o.jobSize, sizeFor(len(p.Items)))), server: o.Server, todo: map[int][]tiles.Item{},
		last: make(chan struct{}, 1), by: map[int]string{}, wrong: map[int]bool{}, dead: map[int]Dead{}, audits: map[int]Share{}, sampled: map[int]bool{}}
	if f.note == nil {
		f.note = func(string) {}
	}
	f.ackWait = cmp.Or(f.ackWait, usualAckWait)
	f.Contract.Jobs, f.Contract.Shares = len(f.jobs), o.Shares
	f.self = rand.Text()
	if f.Host, err = os.Hostname(); err != nil {
		f.Host = "unknown"
	}
	f.budget, err = budgetOf(p.Provider, p.Options.Imagery.Rate)
	return f, err
}

// Make is build.Options.Make.
func (f *Farm) Make(ctx context.Context, w *mbtiles.Writer, job pack.Job) (pack.Report, error) {
	f.began = time.Now()
	err := f.make(ctx, w, job)
	if errClose := w.Close(); err == nil {
		err = errClose
	}
	r := f.Report()
	r.BytesStored, r.ElapsedSeconds = w.Stored(), time.Since(f.began).Seconds()
	switch {
	case err != nil:
		r.State = pack.StateInterrupted
	case r.Holes > 0:
		r.State = pack.StateHoles
	default:
		r.State = pack.StateComplete
	}
	return r, err
}

func (f *Farm) make(ctx context.Context, w *mbtiles.Writer, job pack.Job) (err error) {
	dir, remove, err := tempDir()
	if err != nil {
		return err
	}
	defer remove()
	f.dir = dir
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var local *machine
	if f.server.URL == LocalURL {
		if local, err = startLocal(ctx, f); err != nil {
			return err
		}
		// The last thing of all: who gives up the build asks the server.
		defer func() { local.close(err == nil) }()
	}
	nc, js, err := f.server.connect("coordinator of " + f.Build)
	if err != nil {
		return err
	}
	defer nc.Close()
	f.nc = nc
	f.begin(job.Todo)
	f.skipped = len(job.Items) - len(job.Todo)
	release, err := f.open(ctx, js)
	if err != nil {
		return f.explained(err)
	}
	defer release()
	sub, err := nc.Subscribe(leaseSubject(f.Build), f.budget.answer(ctx))
	if err != nil {
		return f.explained(err)
	}
	defer func() { _ = sub.Unsubscribe() }() // the connection is closed, too
	if err := f.recall(ctx); err != nil {
		return f.explained(err)
	}
	if err := f.publish(ctx); err != nil {
		return f.explained(err)
	}
	if local != nil {
		if err := local.startWorkers(ctx, f); err != nil {
			return err
		}
		defer local.endWorkers()
	}
	if err := f.collect(ctx, w); err != nil {
		return f.explained(err)
	}
	if err := w.Finish(ctx, maps.Clone(job.Meta)); err != nil {
		return err
	}
	f.remove(context.WithoutCancel(ctx), js)
	return nil
}

// explained says in words what the server has to do with an error.
func (f *Farm) explained(err error) error {
	var api *jetstream.APIError
	if errors.As(err, &api) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, nats.ErrNoResponders) ||
		errors.Is(err, nats.ErrMaxPayload) {
		return f.server.explain(err)
	}
	return err
}

// begin notes what the archive lacks.
func (f *Farm) begin(todo []tiles.Item) {
	lacking := make(map[tiles.Item]bool, len(todo))
	for _, it := range todo {
		lacking[it] = true
	}
	for n, items := range f.jobs {
		for _, it := range items {
			if lacking[it] {
				f.todo[n] = append(f.todo[n], it)
			}
		}
	}
	if f.Audit > 0 {
		every := 1 / f.Audit
		for i := 0.0; int(i) < len(f.jobs); i += every {
			f.sampled[int(i)] = true
		}
	}
}

// publish brings the queue in line with what the archive lacks: what is there stays, whoever
// published it.
func (f *Farm) publish(ctx context.Context) error {
	for _, kind := range [...]string{kindDead, kindAudit} {
		if err := f.q.stream.Purge(ctx, jetstream.WithPurgeSubject("xelpack."+f.Build+"."+kind+".*")); err != nil {
			return err
		}
	}
	found, err := f.q.present(ctx, kindJob, kindShare)
	if err != nil {
		return err
	}
	var list []Job
	for n := range f.jobs {
		items := f.todo[n]
		switch {
		case len(items) == 0 && found[kindJob][n]:
			err = f.q.stream.Purge(ctx, jetstream.WithPurgeSubject(subject(f.Build, kindJob, n)))
		case len(items) > 0 && !found[kindJob][n] && !found[kindShare][n]:
			list = append(list, Job{N: n, Items: items})
		}
		if err != nil {
			return err
		}
	}
	if err := f.q.putAll(ctx, kindJob, list); err != nil {
		return err
	}
	list = list[:0]
	for _, s := range f.audits {
		list = append(list, auditOf(s))
	}
	return f.q.putAll(ctx, kindAudit, list)
}

// remove takes everything of the build off the server.
func (f *Farm) remove(ctx context.Context, js jetstream.JetStream) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	err := errors.Join(f.kv.Purge(ctx, "build."+f.Build), js.DeleteStream(ctx, streamName(f.Build)))
	if folder, ok := f.store.(*folder); ok {
		err = errors.Join(err, os.RemoveAll(folder.dir))
	} else {
		err = errors.Join(err, js.DeleteObjectStore(ctx, streamName(f.Build)))
	}
	if f.taken != nil {
		err = errors.Join(err, js.DeleteKeyValue(ctx, streamName(f.Build)))
	}
	if err != nil {
		f.note(fmt.Sprintf("the archive is finished; its queue could not be removed from the server: %v", err))
	}
}

// collect runs until every job is in the archive or given up.
func (f *Farm) collect(ctx context.Context, w *mbtiles.Writer) error {
	c := &collector{Farm: f, w: w, settled: make(chan settled, 64), room: semaphore.NewWeighted(checkedBytes), hand: map[string]jetstream.Msg{}}

	g, groupCtx := errgroup.WithContext(ctx)
	groupCtx, end := context.WithCancel(groupCtx)
	defer end()
	consumer, err := f.q.stream.Consumer(groupCtx, kindShare)
	if err != nil {
		return err
	}
	for range fetchers {
		g.Go(func() error { return c.take(groupCtx, consumer) })
	}
	g.Go(func() error { return c.commit(groupCtx) })
	g.Go(func() error { return c.keep(groupCtx) })
	g.Go(func() error { return f.look(groupCtx, end) })
	g.Go(func() error {
		select {
		case <-f.held.Done():
			if err := context.Cause(f.held); !errors.Is(err, context.Canceled) {
				return err
			}
		case <-groupCtx.Done():
		}
		return nil
	})
	err = g.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.over && len(f.dead) == 0:
		return nil
	case f.over:
		return f.lettersError()
	case err != nil && !errors.Is(err, context.Canceled):
		return err
	}
	return ctx.Err()
}

// lettersError names the jobs that were given up.
func (f *Farm) lettersError() error {
	for n, d := range f.dead {
		return fmt.Errorf("%d of %d jobs failed %d times and are dead letters (xelpack.%s.dead.*), for example job %d, %s and "+
			"%d more textures, by %s: %s; the same command tries them again", len(f.dead), len(f.jobs), mostTries, f.Build, n,
			d.Items[0], len(d.Items)-1, d.Worker, d.Why)
	}
	return nil
}

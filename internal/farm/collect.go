package farm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// errLie is a share that is not what its job asks for.
var errLie = errors.New("the share is not what its job asks for")

const (
	// fetchers is how many shares are fetched at once, so that a server far away is not waited for.
	fetchers = 8
	// checkedBytes bounds the shares that are in memory to be checked.
	checkedBytes = 2 * mostShare
	// settlers is how many shares are acknowledged at once.
	settlers = 16
)

// collector puts shares into the archive.
type collector struct {
	*Farm
	w       *mbtiles.Writer
	settled chan settled
	room    *semaphore.Weighted // bytes of shares being checked

	handMu sync.Mutex
	hand   map[string]jetstream.Msg // the shares in hand, by subject
}

// settled is a share whose textures are queued for writing.
type settled struct {
	msg    jetstream.Msg
	share  Share
	report pack.Report
}

// take checks one share after another.
func (c *collector) take(ctx context.Context, consumer jetstream.Consumer) error {
	for ctx.Err() == nil {
		msg, err := take(ctx, consumer, time.Second)
		if err != nil {
			sleep(ctx, reconnectWait)
			continue
		}
		if msg == nil {
			continue
		}
		if !c.grasp(msg) {
			continue
		}
		s, err := shareOf(msg.Data())
		if err != nil || s.N < 0 || s.N >= len(c.jobs) {
			_ = msg.Term() // whoever sent it, it is not ours
			c.release(msg)
			continue
		}
		if s.Audit {
			err = c.audit(ctx, msg, s)
		} else {
			err = c.one(ctx, msg, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// grasp reports whether a share is not in hand already: one that takes long may come again.
func (c *collector) grasp(msg jetstream.Msg) bool {
	c.handMu.Lock()
	defer c.handMu.Unlock()
	_, has := c.hand[msg.Subject()]
	if !has {
		c.hand[msg.Subject()] = msg
	}
	return !has
}

func (c *collector) release(msg jetstream.Msg) {
	c.handMu.Lock()
	defer c.handMu.Unlock()
	delete(c.hand, msg.Subject())
}

// keep tells the server that shares are at work.
func (c *collector) keep(ctx context.Context) error {
	for ctx.Err() == nil {
		c.handMu.Lock()
		list := slices.Collect(maps.Values(c.hand))
		c.handMu.Unlock()
		for _, msg := range list {
			_ = msg.InProgress() // the next one will
		}
		sleep(ctx, c.ackWait/3)
	}
	return nil
}

// one takes a share into the archive, or has its job done again.
func (c *collector) one(ctx context.Context, msg jetstream.Msg, s Share) error {
	c.mu.Lock()
	missing := slices.Clone(c.todo[s.N])
	banned, by := slices.Contains(c.differ, s.Worker), c.by[s.N]
	c.mu.Unlock()
	switch {
	case len(missing) > 0:
	case by != "": // it was there already
		return c.drop(ctx, msg, s)
	default: // a coordinator was killed between writing it and noting whose it is
		c.settle(ctx, settled{msg, s, pack.Report{}})
		return nil
	}
	report, err := pack.Report{}, fmt.Errorf("%w: %s was found to build differently", errLie, s.Worker)
	if !banned {
		report, err = c.check(ctx, s, missing)
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, errLie), errors.Is(err, errGone):
		c.mu.Lock()
		c.again++
		c.mu.Unlock()
		c.note(fmt.Sprintf("job %d is built again: share of %s: %v", s.N, s.Worker, err))
		if err := c.repeat(ctx, Job{N: s.N, Items: missing}); err != nil {
			return err
		}
		return c.drop(ctx, msg, s)
	default:
		return err
	}
	s.Body = nil
	c.settle(ctx, settled{msg, s, report})
	return nil
}

func (c *collector) settle(ctx context.Context, s settled) {
	select {
	case c.settled <- s:
	case <-ctx.Done():
	}
}

// repeat publishes a job once more. Its worker has published the share, but may not have
// acknowledged the job yet: as long as that message is there another is refused, and it goes with
// the acknowledgement. After ackWait it is either acknowledged or given to another worker.
func (c *collector) repeat(ctx context.Context, j Job) error {
	const pause = 20 * time.Millisecond
	for end := time.Now().Add(c.ackWait); ; sleep(ctx, pause) {
		err := persist(ctx, nil, func(ctx context.Context) error { return c.q.put(ctx, kindJob, j.N, j) })
		switch {
		case !there(err):
			return err
		case time.Now().After(end):
			return nil
		}
	}
}

// drop acknowledges a share and removes it.
func (c *collector) drop(ctx context.Context, msg jetstream.Msg, s Share) error {
	err := persist(ctx, nil, func(ctx context.Context) error { return c.q.done(ctx, msg) })
	c.release(msg)
	if err == nil && s.Object != "" {
		err = persist(ctx, nil, func(ctx context.Context) error { return c.store.remove(ctx, s.Object) })
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// check reads a share as a stranger's archive: its tables, the list of its textures, its digest,
// the hash of every texture's bytes. If all is right it puts the textures into the archive, with
// previews of its own.
func (c *collector) check(ctx context.Context, s Share, missing []tiles.Item) (r pack.Report, err error) {
	file, free, err := c.fetch(ctx, s)
	if err != nil {
		return r, err
	}
	defer free()
	info, err := os.Stat(file)
	if err != nil {
		return r, err
	}
	size := min(info.Size(), checkedBytes)
	if err := c.room.Acquire(ctx, size); err != nil {
		return r, err
	}
	defer c.room.Release(size)
	a, err := mbtiles.OpenWith(ctx, file, mbtiles.ReaderOptions{CacheBytes: -1, Readers: 1})
	if err != nil {
		return r, lie(ctx, err)
	}
	defer func() { _ = a.Close() }()
	digest, err := a.Digest(ctx)
	if err == nil && digest != s.Digest {
		err = errors.New("its digest is not the one announced")
	}
	if err == nil && a.Len() != len(s.Items) {
		err = fmt.Errorf("it has %d textures, and not %d", a.Len(), len(s.Items))
	}
	if err != nil {
		return r, lie(ctx, err)
	}
	contents := make([]*mbtiles.Content, len(s.Items))
	records := make([]mbtiles.Record, len(s.Items))
	for i, it := range s.Items {
		if !slices.Contains(c.jobs[s.N], it) {
			err = errors.New("it is not one of the job's textures")
		} else {
			records[i], contents[i], err = c.texture(ctx, a, it)
		}
		if err != nil {
			return r, lie(ctx, fmt.Errorf("%s: %w", it, err))
		}
	}
	c.mu.Lock()
	wrong := c.wrong[s.N]
	c.mu.Unlock()
	for i, it := range s.Items { // a part may be there, of a coordinator that was killed
		if !slices.Contains(missing, it) {
			continue
		}
		if err := c.put(ctx, it, records[i], contents[i], wrong, &r); err != nil {
			return r, err
		}
	}
	return r, nil
}

// fetch returns the file of a share.
func (c *collector) fetch(ctx context.Context, s Share) (file string, free func(), err error) {
	if s.Object == "" {
		return temporary(c.dir, bytes.NewReader(s.Body))
	}
	limit := transfer(s.Bytes)
	err = persist(ctx, nil, func(context.Context) (err error) {
		one, cancel := context.WithTimeout(ctx, limit())
		defer cancel()
		file, free, err = c.store.get(one, s.Object, c.dir)
		if errors.Is(err, errGone) || errors.Is(err, errLie) {
			return nil
		}
		return err
	})
	if err == nil && free == nil {
		err = errGone
	}
	return file, free, err
}

// lie is an errLie for err, unless the work was ended.
func lie(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", errLie, err)
}

// texture reads a texture of a share and checks it.
func (c *collector) texture(ctx context.Context, a *mbtiles.Archive, it tiles.Item) (r mbtiles.Record,
	content *mbtiles.Content, err error) {
	e, ok := a.Lookup(it.Key())
	if !ok || e.Texture != it.Texture || e.Detail != it.Detail || e.Layout.Side != it.Side() {
		return r, nil, errors.New("it is not in the share as it should be")
	}
	if r, err = a.Record(ctx, e); err != nil {
		return r, nil, err
	}
	if r.Provider != c.plan.Provider.ID || r.Chunks != it.ChunkCount() || r.Missing+r.Failed > r.Chunks {
		return r, nil, fmt.Errorf("its record says %d chunks of %s", r.Chunks, r.Provider)
	}
	content, err = a.Content(ctx, e) // decodes it, compares its hash, draws its preview
	return r, content, err
}

// put writes a texture, unless what is there has fewer holes and is not wrong.
func (c *collector) put(ctx context.Context, it tiles.Item, r mbtiles.Record, content *mbtiles.Content, wrong bool, sum *pack.Report) error {
	if old, ok := c.w.Has(it.Key()); ok && !wrong && old.Detail == it.Detail && old.Failed < r.Failed {
		sum.Holes += min(1, old.Failed)
		sum.FailedChunks += int64(old.Failed)
		return nil
	}
	if err := c.w.Put(ctx, r, content); err != nil {
		return err
	}
	if c.observer != nil {
		c.observer.Stored(it, pack.Tally{Chunks: r.Chunks, Overzoomed: r.Overzoomed, Missing: r.Missing, Failed: r.Failed})
	}
	sum.Built++
	sum.Chunks.OK += int64(r.Chunks - r.Missing - r.Failed)
	sum.Chunks.NoImagery += int64(r.Missing)
	sum.Chunks.Failed += int64(r.Failed)
	sum.Holes += min(1, r.Failed)
	sum.FailedChunks += int64(r.Failed)
	return nil
}

// commit makes shares last, and only then acknowledges them: many at once, if many come.
func (c *collector) commit(ctx context.Context) error {
	for {
		var list []settled
		select {
		case s := <-c.settled:
			list = append(list, s)
		case <-ctx.Done():
			return nil
		}
		for more := true; more; {
			select {
			case s := <-c.settled:
				list = append(list, s)
			default:
				more = false
			}
		}
		if err := c.w.Flush(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		var g errgroup.Group
		g.SetLimit(settlers)
		for _, s := range list {
			left := c.count(s)
			g.Go(func() error {
				err := c.follow(ctx, s.share, left)
				if err == nil {
					err = c.drop(ctx, s.msg, s.share)
				}
				return err
			})
		}
		if err := g.Wait(); err != nil && ctx.Err() == nil {
			return err
		}
		c.mu.Lock()
		left := len(c.todo)
		c.mu.Unlock()
		if left == 0 {
			select {
			case c.last <- struct{}{}:
			default: // it is known
			}
		}
	}
}

// follow publishes what a share leads to: a job for textures that it lacked, and an audit.
func (c *collector) follow(ctx context.Context, s Share, left []tiles.Item) error {
	if len(left) > 0 {
		return c.repeat(ctx, Job{N: s.N, Items: left})
	}
	if err := c.remember(ctx, s, false); err != nil {
		return err
	}
	c.mu.Lock()
	audit := c.sampled[s.N]
	delete(c.sampled, s.N)
	if audit {
		c.audits[s.N] = s
	}
	c.mu.Unlock()
	if !audit {
		return nil
	}
	err := persist(ctx, nil, func(ctx context.Context) error { return c.q.put(ctx, kindAudit, s.N, auditOf(s)) })
	if there(err) {
		return nil
	}
	return err
}

// count notes that a share's textures are in the archive, and returns what its job still lacks: all
// if its worker was found to build differently meanwhile.
func (c *collector) count(s settled) (left []tiles.Item) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.Contains(c.differ, s.share.Worker) {
		c.again++
		c.wrong[s.share.N] = true
		c.todo[s.share.N] = c.jobs[s.share.N]
		return c.todo[s.share.N]
	}
	left = slices.DeleteFunc(slices.Clone(c.todo[s.share.N]), func(it tiles.Item) bool { return slices.Contains(s.share.Items, it) })
	c.have += len(c.todo[s.share.N]) - len(left)
	if c.todo[s.share.N] = left; len(left) == 0 {
		delete(c.todo, s.share.N)
		delete(c.wrong, s.share.N)
	}
	delete(c.dead, s.share.N)
	c.by[s.share.N] = s.share.Worker
	c.shares++
	c.spent.add(s.share.Spent)
	c.counts.Add(s.report)
	return left
}

func (s *Spent) add(t Spent) {
	s.Requests += t.Requests
	s.Retries += t.Retries
	s.Downloaded += t.Downloaded
}

// Report is what the archive has now.
func (f *Farm) Report() pack.Report {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.counts
	r.Textures, r.Skipped = len(f.plan.Items), f.skipped
	r.Requests, r.Retries, r.BytesDownloaded = f.spent.Requests, f.spent.Retries, f.spent.Downloaded
	return r
}

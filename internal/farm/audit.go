package farm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/imagery"
)

// audit compares the digest of a job that was built a second time. If two workers differ, the
// coordinator builds the job itself to know which is wrong.
func (c *collector) audit(ctx context.Context, msg jetstream.Msg, s Share) error {
	c.mu.Lock()
	first, open := c.audits[s.N]
	c.mu.Unlock()
	if open && s.Worker != first.Worker {
		if s.Digest != first.Digest {
			truth, err := c.truth(ctx, s.Job)
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil:
				return fmt.Errorf("build job %d again to know which of %s and %s is wrong: %w", s.N, first.Worker, s.Worker, err)
			}
			for _, one := range [...]Share{first, s} {
				if one.Digest == truth {
					continue
				}
				if err := c.distrust(ctx, one); err != nil {
					return err
				}
			}
		}
		c.mu.Lock()
		delete(c.audits, s.N)
		c.audited++
		c.spent.add(s.Spent)
		c.mu.Unlock()
		if err := c.remember(ctx, first, true); err != nil {
			return err
		}
	}
	return c.drop(ctx, msg, s)
}

// taken is a share that is in the archive.
type taken struct {
	Share
	Audited bool `json:"audited"`
}

// remember notes who built a job, for this coordinator and the next one.
func (c *collector) remember(ctx context.Context, s Share, audited bool) error {
	if c.taken == nil {
		return nil
	}
	body, err := json.Marshal(taken{s, audited})
	if err == nil {
		err = persist(ctx, nil, func(ctx context.Context) error {
			_, err := c.taken.Put(ctx, strconv.Itoa(s.N), body)
			return err
		})
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// recall takes over from an earlier coordinator of the build: whom it found to build differently, and
// the shares it has taken, so that all of them are audited and none of a wrong worker stays.
func (f *Farm) recall(ctx context.Context) error {
	if f.taken == nil {
		return nil
	}
	differ := map[string]bool{} // tries may tell some twice
	err := persist(ctx, nil, func(ctx context.Context) error {
		return entries(ctx, f.kv, banKey(f.Build, "*"), func(e jetstream.KeyValueEntry) {
			differ[strings.TrimPrefix(e.Key(), banKey(f.Build, ""))] = true
		})
	})
	if err != nil {
		return err
	}
	f.differ = slices.Sorted(maps.Keys(differ))
	take := func(e jetstream.KeyValueEntry) {
		var t taken
		if json.Unmarshal(e.Value(), &t) != nil || t.N < 0 || t.N >= len(f.jobs) || len(f.todo[t.N]) > 0 {
			return // it is built anyway
		}
		if slices.Contains(f.differ, t.Worker) {
			f.todo[t.N], f.wrong[t.N] = f.jobs[t.N], true
			return
		}
		f.by[t.N] = t.Worker
		if f.sampled[t.N] {
			delete(f.sampled, t.N)
			if !t.Audited {
				f.audits[t.N] = t.Share
			}
		}
	}
	return persist(ctx, nil, func(ctx context.Context) error { return entries(ctx, f.taken, ">", take) })
}

// entries calls do for everything a bucket has under keys.
func entries(ctx context.Context, kv jetstream.KeyValue, keys string, do func(jetstream.KeyValueEntry)) error {
	w, err := kv.Watch(ctx, keys, jetstream.IgnoreDeletes())
	if err != nil {
		return err
	}
	defer func() { _ = w.Stop() }()
	for {
		select {
		case e := <-w.Updates():
			if e == nil {
				return ctx.Err()
			}
			do(e)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// auditOf asks another worker to build what a share has.
func auditOf(s Share) Job { return Job{N: s.N, Items: s.Items, Audit: true, NotBy: s.Worker} }

// truth returns the digest of a job that this process builds.
func (c *collector) truth(ctx context.Context, j Job) (digest string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := newLease(c.nc, c.Build, "coordinator")
	go l.run(ctx)
	o := imagery.Options{Provider: c.Provider}
	m, err := newMaker(ctx, c.Contract, o, l, c.note)
	if err != nil {
		return "", err
	}
	defer m.close()
	return m.share(ctx, j, filepath.Join(c.dir, "truth-"+nameOf(j.N, "")+suffix))
}

// distrust has everything built again that a worker has built, and gives it no more jobs.
func (c *collector) distrust(ctx context.Context, s Share) error {
	c.mu.Lock()
	if slices.Contains(c.differ, s.Worker) {
		c.mu.Unlock()
		return nil
	}
	c.differ = append(c.differ, s.Worker)
	var list []Job
	for n, worker := range c.by {
		if worker == s.Worker {
			list = append(list, Job{N: n, Items: c.jobs[n]})
			c.have -= len(c.jobs[n])
			c.todo[n], c.wrong[n] = c.jobs[n], true
			delete(c.by, n)
			delete(c.audits, n)
		}
	}
	c.mu.Unlock()
	text := fmt.Sprintf("%s built job %d differently from another worker and the coordinator", s.Worker, s.N)
	c.note(fmt.Sprintf("%s: its %d shares are built again, and it gets no more jobs", text, len(list)))
	err := persist(ctx, nil, func(ctx context.Context) error {
		_, err := c.kv.Put(ctx, banKey(c.Build, s.Worker), []byte(text))
		return err
	})
	g, groupCtx := errgroup.WithContext(ctx)
	g.SetLimit(settlers)
	for _, j := range list {
		g.Go(func() error { return c.repeat(groupCtx, j) })
	}
	if err = errors.Join(err, g.Wait()); ctx.Err() != nil {
		return nil
	}
	return err
}

// unaudited gives up the audits that no other worker is there for.
func (f *Farm) unaudited(workers []Presence) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.todo) > 0 || len(f.audits) == 0 {
		return
	}
	left := 0
	for n, s := range f.audits {
		other := func(p Presence) bool { return p.Name != s.Worker && p.Build == f.Build }
		if !slices.ContainsFunc(workers, other) {
			delete(f.audits, n)
			left++
		}
	}
	if left > 0 {
		f.note(fmt.Sprintf("audit: %d jobs were not built again: there is no second worker", left))
	}
}

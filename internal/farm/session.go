package farm

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// session is a worker's work for one build.
type session struct {
	*worker
	c       Contract
	q       queue
	objects objects
	b       builder
	ackWait time.Duration

	told   Spent // in shares so far
	toldMu sync.Mutex
	looked time.Time
	asked  int64

	queueMu   sync.Mutex
	queueLook time.Time
	queueRoom bool // for shares, when it was last looked
}

// loop builds one job after another.
func (s *session) loop(ctx context.Context, jobs, audits jetstream.Consumer) {
	for ctx.Err() == nil {
		msg, err := take(ctx, jobs, time.Second)
		if msg == nil && err == nil {
			msg, err = take(ctx, audits, time.Second/2)
		}
		switch {
		case err != nil:
			sleep(ctx, reconnectWait)
		case msg != nil && ctx.Err() != nil:
			_ = msg.Nak() // else it is given to another after ackWait
		case msg != nil:
			if err := s.one(ctx, msg); err != nil && ctx.Err() == nil {
				s.problem(err)
				sleep(ctx, backoff(1)) // what fails here may work elsewhere
			}
		}
	}
}

// backoff is how long a job rests after it has failed.
func backoff(tries uint64) time.Duration { return min(5*time.Second<<min(tries-1, 10), 5*time.Minute) }

// one builds the job of a message, or gives it back.
func (s *session) one(ctx context.Context, msg jetstream.Msg) error {
	meta, err := msg.Metadata()
	var j Job
	if err != nil || json.Unmarshal(msg.Data(), &j) != nil {
		return errors.Join(errors.New("a job that cannot be read"), msg.Term())
	}
	if j.Audit && j.NotBy == s.Name {
		// By chance, or two workers in step would each be given its own for ever.
		return msg.NakWithDelay(lookEvery/8 + mathrand.N(lookEvery/2))
	}
	most := cmp.Or(s.tries, mostTries)
	if meta.NumDelivered > most && !j.Audit {
		return s.bury(ctx, msg, j, fmt.Sprintf("begun %d times and never finished", most))
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	go s.keep(working, msg)
	s.working(j.N, true)
	defer s.working(j.N, false)

	name := nameOf(j.N, strings.ToLower(rand.Text()[:8]))
	file := s.share(name)
	defer func() { _ = os.Remove(file) }()
	digest, err := s.b.share(working, j, file)
	if err != nil {
		if ctx.Err() != nil {
			_ = msg.Nak() // else it is given to another after ackWait
			return nil
		}
		err = fmt.Errorf("job %d: %w", j.N, err)
		if meta.NumDelivered >= most && !j.Audit {
			return errors.Join(err, s.bury(ctx, msg, j, err.Error()))
		}
		tries := meta.NumDelivered
		if j.Audit { // most of them may have been of the worker whose job it was
			tries = 1
		}
		return errors.Join(err, msg.NakWithDelay(backoff(tries)))
	}
	share := Share{Job: j, Worker: s.Name, Digest: digest}
	if !j.Audit {
		info, err := os.Stat(file)
		if err != nil {
			return errors.Join(err, msg.NakWithDelay(backoff(1)))
		}
		share.Bytes = info.Size()
		if s.inline(working, share.Bytes) {
			share.Body, err = os.ReadFile(file)
		} else {
			share.Object = name
			err = s.objects.put(working, name, file, s.problem)
		}
		if err != nil {
			_ = msg.NakWithDelay(backoff(1))
			return err
		}
	}
	n := j.N
	if j.Audit {
		n = auditNumber(n)
	}
	share.Spent = s.spend()
	body, err := share.message()
	if err == nil {
		// With an id, or a share whose confirmation is lost counts as another's the second time.
		err = persist(ctx, s.problem, func(ctx context.Context) error {
			return s.q.putText(ctx, kindShare, n, body, jetstream.WithMsgID(name))
		})
	}
	switch {
	case there(err) && share.Object == "": // another worker was faster
		err = nil
	case there(err):
		err = s.objects.remove(ctx, name)
	case err != nil:
		return err // the job comes again, and the share is swept away
	}
	s.mu.Lock()
	s.self.Built++
	s.self.Textures += len(j.Items)
	s.mu.Unlock()
	return errors.Join(err, persist(ctx, s.problem, func(ctx context.Context) error { return s.q.done(ctx, msg) }))
}

const (
	// inlineMost is what a share takes that travels in its announcement: storing, fetching and
	// removing an object costs more than all else of a small job.
	inlineMost = 128 << 10
	// inlineQueue is what the queue holds before no share does any more: jobs need room.
	inlineQueue = queueMost / 2
	inlineLook  = time.Second
)

// inline reports whether a share of that size travels in its announcement.
func (s *session) inline(ctx context.Context, size int64) bool {
	if size > inlineMost || size > s.nc.MaxPayload()/2 {
		return false
	}
	s.queueMu.Lock()
	room, old := s.queueRoom, time.Since(s.queueLook) > inlineLook
	s.queueMu.Unlock()
	if !old {
		return room
	}
	info, err := s.q.stream.Info(ctx)
	room = err == nil && info.State.Bytes < inlineQueue
	s.queueMu.Lock()
	defer s.queueMu.Unlock()
	s.queueRoom, s.queueLook = room, time.Now()
	return room
}

// auditNumber is the number under which the result of an audit is announced: no job's.
func auditNumber(n int) int { return -1 - n }

// bury gives a job up for this run of the coordinator.
func (s *session) bury(ctx context.Context, msg jetstream.Msg, j Job, why string) error {
	err := persist(ctx, s.problem, func(ctx context.Context) error {
		return s.q.put(ctx, kindDead, j.N, Dead{j, s.Name, why})
	})
	if err != nil && !there(err) {
		return err
	}
	return s.q.done(ctx, msg)
}

// Dead is a job that was given up.
type Dead struct {
	Job
	Worker string `json:"worker"`
	Why    string `json:"why"`
}

// keep tells the server that a job is at work, the first time at once: a server that is started
// again counts from when it was told last, or else from when the job was published, and would give
// it to another worker.
func (s *session) keep(ctx context.Context, msg jetstream.Msg) {
	for ; ctx.Err() == nil; sleep(ctx, s.ackWait/3) {
		_ = msg.InProgress() // the next one will
	}
}

func (s *session) working(n int, is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.self.AtWork = slices.DeleteFunc(slices.Clone(s.self.AtWork), func(m int) bool { return m == n })
	if is {
		s.self.AtWork = append(s.self.AtWork, n)
	}
}

// spend returns what was requested since the last share.
func (s *session) spend() Spent {
	s.toldMu.Lock()
	defer s.toldMu.Unlock()
	now := s.b.stats()
	d := Spent{now.Requests - s.told.Requests, now.Retries - s.told.Retries, now.Downloaded - s.told.Downloaded}
	s.told = now
	return d
}

// account brings the figures of the worker up to date.
func (w *worker) account(s *session) {
	now, stats := time.Now(), s.b.stats()
	w.mu.Lock()
	defer w.mu.Unlock()
	if took := now.Sub(s.looked).Seconds(); !s.looked.IsZero() && took > 0 {
		w.self.Rate = float64(stats.Requests-s.asked) / took
	}
	s.looked, s.asked, w.self.Spent = now, stats.Requests, stats
}

package observe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/xelpack/xelpack/pkg/fetch"
)

// Stuck is the time after which a worker's task counts as stuck: normal tasks take less than a
// tenth of it.
const Stuck = 10 * time.Second

// HealthCheck checks the health of Sources. Only one check runs at a time, however many callers
// wait, so checks that hang do not pile up. Safe for concurrent use.
type HealthCheck struct {
	Sources *Sources
	// Stuck is how long a worker's task may take. Default: the constant Stuck.
	Stuck time.Duration

	mu  sync.Mutex
	now *visit // the latest check
}

type visit struct {
	since time.Time
	done  chan struct{} // closed when err is known
	err   error
}

// Check returns nil if all is well, and otherwise what is wrong, a line each, in words for people,
// without paths. If ctx ends first, the error says for how long there has been no answer.
func (h *HealthCheck) Check(ctx context.Context) error {
	v := h.visit(ctx)
	select {
	case <-v.done:
		return v.err
	case <-ctx.Done():
		return fmt.Errorf("no answer for %s: the mount or the disk hangs",
			time.Since(v.since).Round(100*time.Millisecond))
	}
}

// visit returns the check in progress, or starts one. It does not end with the caller, because
// others may wait for it too.
func (h *HealthCheck) visit(ctx context.Context) *visit {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now != nil {
		select {
		case <-h.now.done:
		default:
			return h.now
		}
	}
	v := &visit{since: time.Now(), done: make(chan struct{})}
	h.now = v
	go func() {
		defer close(v.done)
		v.err = h.look(context.WithoutCancel(ctx))
	}()
	return v
}

// look takes as long as the disks and the kernel take.
func (h *HealthCheck) look(ctx context.Context) error {
	s := h.Sources
	var wrong []error
	if f := s.Mount.Load(); f != nil {
		wrong = append(wrong, f.Health(ctx))
	}
	if p := s.Pipeline.Load(); p != nil {
		for i, w := range p.State().Workers {
			if w.For > cmp.Or(h.Stuck, Stuck) {
				wrong = append(wrong, fmt.Errorf("worker %d is stuck: at one task (%s) for %s", i+1,
					w.Task, w.For.Round(100*time.Millisecond)))
			}
		}
	}
	if c := s.Client.Load(); c != nil {
		for _, host := range c.State().Hosts {
			switch {
			case host.Refused:
				wrong = append(wrong, fmt.Errorf(
					"%s refuses requests (401 or 403): trying again once a minute", host.Host))
			case host.Down:
				wrong = append(wrong, fmt.Errorf(
					"%s has stopped answering (it %s): trying again now and then", host.Host,
					fetch.Explain(host.Cause)))
			}
		}
	}
	if w := s.Writer.Load(); w != nil {
		wrong = append(wrong, w.Health())
	}
	return errors.Join(wrong...)
}

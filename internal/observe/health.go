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

// Stuck is from when on a worker's task counts as stuck: none takes a tenth of that.
const Stuck = 10 * time.Second

// HealthCheck looks how Sources are. However many ask it, one looks at a time: what hangs does not
// pile up. Safe for concurrent use.
type HealthCheck struct {
	Sources *Sources
	// Stuck is how long a worker's task may take. 0: the constant of that name.
	Stuck time.Duration

	mu  sync.Mutex
	now *visit // the latest
}

type visit struct {
	since time.Time
	done  chan struct{} // closed when err is known
	err   error
}

// Check returns nil while all is well, and otherwise what is wrong, a line each, in words for
// people, without paths. When ctx ends first, there is no answer, and the error says for how long.
func (h *HealthCheck) Check(ctx context.Context) error {
	v := h.visit(ctx)
	select {
	case <-v.done:
		return v.err
	case <-ctx.Done():
		return fmt.Errorf("no answer for %s: the mount or the disk hangs", time.Since(v.since).Round(100*time.Millisecond))
	}
}

// visit returns the look that is under way, or begins one. It does not end with who asks: others
// may have come to wait for it.
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

// look takes as long as disks and kernels do.
func (h *HealthCheck) look(ctx context.Context) error {
	s := h.Sources
	var wrong []error
	if f := s.Mount.Load(); f != nil {
		wrong = append(wrong, f.Health(ctx))
	}
	if p := s.Pipeline.Load(); p != nil {
		for i, w := range p.State().Workers {
			if w.For > cmp.Or(h.Stuck, Stuck) {
				wrong = append(wrong, fmt.Errorf("worker %d has been at one task (%s) for %s: it is stuck", i+1, w.Task, w.For.Round(100*time.Millisecond)))
			}
		}
	}
	if c := s.Client.Load(); c != nil {
		for _, host := range c.State().Hosts {
			switch {
			case host.Refused:
				wrong = append(wrong, fmt.Errorf("%s refuses to serve us (401 or 403): it is asked once a minute", host.Host))
			case host.Down:
				wrong = append(wrong, fmt.Errorf("%s has stopped answering (it %s): it is asked now and then", host.Host, fetch.Explain(host.Cause)))
			}
		}
	}
	if w := s.Writer.Load(); w != nil {
		wrong = append(wrong, w.Health())
	}
	return errors.Join(wrong...)
}

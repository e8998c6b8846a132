package farm

import (
	"context"
	"time"
)

// idleFor is how long a consumer must have nothing to do before its messages count as lost: longer
// than a message takes from one state to the next.
const idleFor = 5 * time.Second

// healer finds messages that nobody will ever get. A server that was killed may come back with a
// consumer that takes everything in the stream for delivered and acknowledged (2.9.10 does), and
// then a job or a share would lie there for good.
type healer struct {
	idle map[string]time.Time // since when a kind has messages, and its consumer none of them
	seen map[string]uint64    // the last message delivered by then
}

func newHealer() healer { return healer{map[string]time.Time{}, map[string]uint64{}} }

// heal publishes messages again whose consumer has had nothing to do for idleFor.
func (h healer) heal(ctx context.Context, q queue, now time.Time) error {
	for _, kind := range [...]string{kindJob, kindAudit, kindShare} {
		c, err := q.stream.Consumer(ctx, kind)
		if err != nil {
			return err
		}
		info := c.CachedInfo()
		var found map[string]map[int]bool
		if info.NumPending == 0 && info.NumAckPending == 0 {
			if found, err = q.present(ctx, kind); err != nil {
				return err
			}
		}
		since, known := h.idle[kind]
		switch {
		case len(found[kind]) == 0:
			delete(h.idle, kind)
		case !known || h.seen[kind] != info.Delivered.Consumer:
			h.idle[kind], h.seen[kind] = now, info.Delivered.Consumer
		case now.Sub(since) > idleFor:
			delete(h.idle, kind)
			for n := range found[kind] {
				if err := q.again(ctx, subject(q.id, kind, n)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// again puts a message at the end of the stream. What is lost between is published by the next
// coordinator, which misses it.
func (q queue) again(ctx context.Context, subject string) error {
	m, err := q.stream.GetLastMsgForSubject(ctx, subject)
	if err != nil {
		return err
	}
	if err := q.stream.DeleteMsg(ctx, m.Sequence); err != nil {
		return err
	}
	_, err = q.js.Publish(ctx, subject, m.Data)
	return err
}

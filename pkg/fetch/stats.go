package fetch

import (
	"errors"
	"sync/atomic"
)

// Stats counts the work of a Client.
type Stats struct {
	Requests        int64 // sent, including retries and redirects
	Retries         int64 // chunks retried by us
	Hedges          int64 // second requests for slow chunks
	Outages         int64 // number of times that a host stopped answering
	BytesDownloaded int64 // of all bodies
	OK              int64 // chunks by outcome
	NoImagery       int64
	Failed          int64 // without those that were cancelled
}

type counters struct {
	requests, retries, hedges, outages, bytes, ok, noImagery, failed atomic.Int64
}

func (c *counters) snapshot() Stats {
	return Stats{
		Requests: c.requests.Load(), Retries: c.retries.Load(), Hedges: c.hedges.Load(), Outages: c.outages.Load(), BytesDownloaded: c.bytes.Load(),
		OK: c.ok.Load(), NoImagery: c.noImagery.Load(), Failed: c.failed.Load(),
	}
}

// ended counts how a chunk ended. gone means that it was cancelled.
func (c *counters) ended(err error, gone bool) {
	switch {
	case err == nil:
		c.ok.Add(1)
	case errors.Is(err, ErrNoImagery):
		c.noImagery.Add(1)
	case !gone:
		c.failed.Add(1)
	}
}

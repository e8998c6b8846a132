package fetch

import (
	"errors"
	"sync/atomic"
)

// Stats counts what a Client has done since it was made.
type Stats struct {
	Requests        int64 // sent, retries and redirects included
	Retries         int64 // chunks asked for again, by us
	Hedges          int64 // stragglers asked for a second time beside the first
	Outages         int64 // times that a host stopped answering
	BytesDownloaded int64 // of bodies, whatever was in them
	OK              int64 // chunks by outcome
	NoImagery       int64
	Failed          int64 // without those whose caller went away
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

// ended counts how a chunk ended. gone says that whoever asked for it went away.
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

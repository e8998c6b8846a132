package remote

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/fetch"
)

const (
	// parallel is how many requests of one call are in flight at once.
	parallel = 16
	// joinGap is how many blocks between two wanted runs are fetched with them. A request more would
	// take longer than some others, but the bytes count too: of an update they are the most.
	joinGap = 2
	// A request asks for at most a share of what is wanted, so that all connections end at about
	// the same time, within these bounds of blocks. What breaks off is gone on with where it was,
	// so a large one costs nothing.
	shares                = 8 * parallel
	leastPiece, mostPiece = 128, 16 << 10
)

// run is a run of blocks.
type run struct{ first, end int64 }

// Want returns once all the spans are there. What is missing is fetched: spans that are near each
// other in one request, several requests at once, nothing twice at the same time.
func (f *File) Want(ctx context.Context, spans []sqlpages.Span) error {
	if sqlpages.OnlyAtHand(ctx) {
		if f.Has(spans) {
			return nil
		}
		return fmt.Errorf("%s: %w", f.shown, sqlpages.ErrAway)
	}
	want := f.runs(spans)
	for {
		mine, others, changed := f.claim(want)
		switch {
		case len(mine) > 0:
			if err := f.fetch(ctx, mine); err != nil {
				return fmt.Errorf("%s: %w", f.shown, Explain(err))
			}
		case !others:
			return nil
		default:
			select {
			case <-changed:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// runs returns the blocks of spans as runs that ascend and do not touch.
func (f *File) runs(spans []sqlpages.Span) []run {
	runs := make([]run, 0, len(spans))
	for _, s := range spans {
		if first, end := f.blocks(s); first < end {
			runs = append(runs, run{first, end})
		}
	}
	slices.SortFunc(runs, func(a, b run) int { return cmp.Compare(a.first, b.first) })
	joined := runs[:0]
	for _, r := range runs {
		if n := len(joined); n > 0 && r.first <= joined[n-1].end {
			joined[n-1].end = max(joined[n-1].end, r.end)
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

// claim returns the runs that the caller has to fetch, and whether others are fetching the rest of
// what is missing; then changed tells when to look again.
func (f *File) claim(want []run) (mine []run, others bool, changed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range want {
		for at := r.first; at < r.end; {
			from := f.there.next(at, r.end, false)
			at = f.there.next(from, r.end, true)
			for from < at { // missing
				to := f.claimed.next(from, at, true)
				if from < to {
					mine = f.join(mine, run{from, to})
				}
				from = f.claimed.next(to, at, false)
				others = others || to < from
			}
		}
	}
	for _, r := range mine {
		f.claimed.set(r.first, r.end, true)
	}
	return mine, others, f.changed
}

// join appends a run, to the one before if nearly nothing is between them. f.mu is held.
func (f *File) join(runs []run, r run) []run {
	if n := len(runs); n > 0 && r.first-runs[n-1].end <= joinGap {
		between := run{runs[n-1].end, r.first}
		if f.claimed.next(between.first, between.end, true) == between.end {
			runs[n-1].end = r.end
			return runs
		}
	}
	return append(runs, r)
}

// fetch fetches claimed runs, and gives up the claims.
func (f *File) fetch(ctx context.Context, runs []run) error {
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, r := range runs {
			f.claimed.set(r.first, r.end, false)
		}
		f.tell()
	}()
	if err := f.unasked(); err != nil {
		return err
	}
	total := int64(0)
	for _, r := range runs {
		total += r.end - r.first
	}
	most := min(max(total/shares, leastPiece), mostPiece)
	g, asking := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, r := range runs {
		n := (r.end - r.first + most - 1) / most
		for i := int64(0); i < n && asking.Err() == nil; i++ {
			first, end := r.first+(r.end-r.first)*i/n, r.first+(r.end-r.first)*(i+1)/n
			g.Go(func() error { return f.request(asking, first, end) })
		}
	}
	err := cmp.Or(g.Wait(), ctx.Err()) // cancelled, perhaps before anything was asked for
	if err == nil {
		f.answered()
	}
	return err
}

// request fetches blocks.
func (f *File) request(ctx context.Context, first, end int64) error {
	at := first * block
	var rest []byte // of an answer that ended within a block
	return f.client.Range(ctx, fetch.RangeRequest{
		URL: f.url, From: at, To: min(end*block, f.state.Size), Known: f.state,
		Check: func(now fetch.RemoteFile) error {
			if headerOf(now) != headerOf(f.state) {
				return ErrChanged
			}
			return nil
		},
		Sink: func(p []byte) error {
			if len(rest) > 0 {
				p = append(rest, p...)
			}
			n := len(p) / block * block
			if at+int64(len(p)) == f.state.Size {
				n = len(p)
			}
			rest = append([]byte(nil), p[n:]...)
			if n == 0 {
				return nil
			}
			err := f.write(at, p[:n])
			at += int64(n)
			return err
		}})
}

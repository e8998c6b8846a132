package mbtiles

import (
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/xelpack/xelpack/internal/sqlite"
)

// had returns, by their hashes, where archives have contents.
func had(ctx context.Context, have []*Archive) (map[[32]byte]Source, error) {
	found := make(map[[32]byte]Source)
	for _, a := range have {
		rows := make(map[int64]int, len(a.index.rows)) // by content
		for i, row := range a.index.rows {
			rows[row.content] = i
		}
		err := a.reader.Conns.Do(ctx, func(c *sqlite.Conn) error {
			return c.Query(ctx, `SELECT id, sha256 FROM contents`, func(r *sqlite.Row) error {
				row, ok := rows[r.Int(0)]
				if sha := r.Blob(1); ok && len(sha) == 32 {
					found[[32]byte(sha)] = Source{a, row}
				}
				return nil
			})
		})
		if err != nil {
			return nil, explain(a.path, err)
		}
	}
	return found, nil
}

// prefetch has the contents that are elsewhere fetched, ahead of being taken. The result ends that.
func (a *assembling) prefetch(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for _, from := range a.From {
		wg.Go(func() { from.Prefetch(ctx, a.missing(from)) })
	}
	return func() { cancel(); wg.Wait() }
}

// missing yields what is to be taken from an archive.
func (a *assembling) missing(from *Archive) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for i := range a.contents {
			c := &a.contents[i] // its sums may just be written
			if c.had.From == nil && c.From == from && !yield(c.Entry()) {
				return
			}
		}
	}
}

// of yields the textures that come from an archive.
func (a *assembling) of(from *Archive) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for _, s := range a.Sources {
			if s.From == from && !yield(s.Entry()) {
				return
			}
		}
	}
}

// fetching returns what tells how much of what is elsewhere has been fetched, of how many bytes.
func (a *assembling) fetching(ctx context.Context) (func() (done, total int64), error) {
	var total, before int64
	fetched := func() (n int64) {
		for _, from := range a.From {
			if from.remote != nil {
				n += from.remote.file.Fetched()
			}
		}
		return n
	}
	for _, from := range a.From {
		n, err := from.fetchBytes(ctx, a.missing(from))
		if err != nil {
			return nil, err
		}
		total += n
	}
	before = fetched()
	return func() (int64, int64) { return min(fetched()-before, total), total }, nil
}

// ToFetch says what a copy of part of a remote archive fetches.
type ToFetch struct {
	Bytes int64 `json:"fetch_bytes"` // about; of what is not here yet
	Known int   `json:"known"`       // textures whose content is in another archive here
}

// ToFetch returns about what a copy of textures of a remote archive fetches, if other archives are
// at hand (CopyOptions.Have).
func (a *Archive) ToFetch(ctx context.Context, entries iter.Seq[Entry],
	have []*Archive) (f ToFetch, err error) {
	known, err := had(ctx, have)
	if err != nil {
		return f, err
	}
	if err := a.wantProofs(ctx, entries); err != nil {
		return f, explain(a.path, err)
	}
	var missing []Entry
	for e := range entries {
		sha, err := a.sha(ctx, e)
		if err != nil {
			return f, err
		}
		if known[sha].From != nil {
			f.Known++
		} else {
			missing = append(missing, e)
		}
	}
	f.Bytes, err = a.fetchBytes(ctx, slices.Values(missing))
	return f, err
}

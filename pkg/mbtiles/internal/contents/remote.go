package contents

import (
	"context"
	"errors"
	"io"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// Remote is a file elsewhere, of which what is read is fetched first, into a file here.
type Remote interface {
	sqlpages.Wanter
	// Forget drops what turned out to be wrong: it is fetched again.
	Forget(spans []sqlpages.Span) error
	// Distrust drops what the archive was opened with: its tables.
	Distrust() error
}

// Want has the segments of a content that hold the bytes from off on fetched, all at once.
func (r *Reader) Want(ctx context.Context, id int64, cut segment.Cut, off, length int64) error {
	if r.Remote == nil || length <= 0 || off >= cut.Size || off+length <= dds.HeaderSize {
		return nil
	}
	var ids []int64
	last := cut.At(min(off+length, cut.Size) - 1)
	for n := cut.At(max(off, dds.HeaderSize)); n <= last; n++ {
		if piece := segment.ID(id, n); !r.Decoded.Holds(piece) {
			ids = append(ids, piece)
		}
	}
	return r.want(ctx, ids, beside)
}

// beside is up to how many bytes are fetched where the small levels of one texture are: with those
// of another one beside it, which is wanted next. A second round trip would take as long.
const beside = 384 << 10

// WantIDs has segments fetched. The ids ascend.
func (r *Reader) WantIDs(ctx context.Context, ids []int64) error { return r.want(ctx, ids, 0) }

func (r *Reader) want(ctx context.Context, ids []int64, within int64) error {
	if r.Remote == nil || len(ids) == 0 {
		return nil
	}
	if r.Pages == nil {
		return sqlite.Corrupt("its segments cannot be read by their pages")
	}
	err := r.Pages.WantWithin(ctx, r.Remote, ids, within)
	if errors.Is(err, sqlpages.ErrLayout) || errors.Is(err, io.EOF) {
		err = sqlite.Corrupt("%v", err)
	}
	return err
}

// tries is how often segments are fetched that turn out to be damaged: the pages that lead to them
// may be wrong too, one after the other.
const tries = 5

// fetched has segments fetched and read. If they are damaged they are fetched again: they may have
// been changed on the way, or on the disk here. If that does not help, it may be the tables that
// describe them wrongly, which the next run then fetches anew.
func (r *Reader) fetched(ctx context.Context, ids []int64, read func() error) error {
	for try := 1; ; try++ {
		err := r.WantIDs(ctx, ids)
		if err == nil {
			err = read()
		}
		if err == nil || !errors.Is(err, sqlite.ErrCorrupt) || r.Pages == nil {
			return err
		}
		if try == tries {
			return errors.Join(err, r.Remote.Distrust())
		}
		if err := r.Remote.Forget(r.Pages.Forget(ids)); err != nil {
			return err
		}
	}
}

// loadRemote is load of a file elsewhere.
func (r *Reader) loadRemote(ctx context.Context, p segment.Piece, s *segment.Sums,
	buf []byte) error {
	return r.fetched(ctx, []int64{p.ID}, func() error {
		return compared(p, s, buf, r.loadPages(p, buf))
	})
}

// loadPages reads and decodes a segment that has been fetched.
func (r *Reader) loadPages(p segment.Piece, buf []byte) error {
	var wrong error
	ok := r.Pages.Load(p.ID, buf, func(codec int64, data []byte) error {
		wrong = r.Decoder.Decode(segment.Stored{Codec: codec, Data: data}, p.Shape, buf)
		return wrong
	})
	switch {
	case wrong != nil:
		return named(p, sqlite.Corrupt("%v", wrong))
	case !ok:
		return named(p, sqlite.Corrupt("the row is missing"))
	}
	return nil
}

// Take returns a content as it is stored, as take does. One that is elsewhere is fetched first, and
// always compared with its SHA-256.
func (r *Reader) Take(ctx context.Context, id int64, l dds.Layout, want segment.Sums,
	memory *[]byte, quick bool) (s *Stored, err error) {
	if r.Remote == nil {
		return r.take(ctx, id, l, want, memory, quick)
	}
	err = r.fetched(ctx, IDs(id, l), func() (err error) {
		*memory = (*memory)[:0]
		s, err = r.take(ctx, id, l, want, memory, false)
		return err
	})
	return s, err
}

// IDs returns the rows of a content's segments.
func IDs(id int64, l dds.Layout) []int64 {
	ids := make([]int64, segment.CutOf(l).Segments)
	for n := range ids {
		ids[n] = segment.ID(id, n)
	}
	return ids
}

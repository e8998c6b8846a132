package mbtiles

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/sqlite"
)

// VerifyOptions control a verification. The zero value is a full check.
type VerifyOptions struct {
	Workers int // goroutines that decode; default: number of processors
	// called as contents are done, with bytes of DDS, from one goroutine at a time; may be nil
	Progress func(done, total int64)
	// Quick checks the tables, and the bytes of a sample of the contents: one in a hundred, at
	// least 64, different ones each time. Other segments and previews are not read or counted, and
	// SQLite does not walk through the file.
	Quick bool
}

// Report is the result of Verify. Scripts rely on its JSON.
type Report struct {
	OK       bool      `json:"ok"`
	Digest   string    `json:"digest"` // computed from the tables
	Textures int       `json:"textures"`
	Checked  int       `json:"checked"` // textures whose bytes were compared with their hash
	Holes    int       `json:"holes"`   // textures with failed chunks; these are not problems
	Failed   int64     `json:"failed_chunks"`
	Problems []Problem `json:"problems"` // empty when OK; sorted by texture

	Format int `json:"format,omitempty"` // version of the archive's format
	// computed from the tables; from format 2 on, once the archive is complete
	Root string `json:"root,omitempty"`
	// that prove what the archive has; whose they are is not known
	Signatures []Signature `json:"-"`

	Unreadable bool `json:"unreadable,omitempty"` // not even the textures could be listed
	NoArchive  bool `json:"no_archive,omitempty"` // it is another kind of file
}

// Problem is something wrong with an archive.
type Problem struct {
	Texture string `json:"texture"` // its name; empty if the problem is not about a single texture
	What    string `json:"what"`
}

// String returns the problem as a line for people.
func (p Problem) String() string {
	if p.Texture == "" {
		return p.What
	}
	return p.Texture + ": " + p.What
}

// verifier collects problems.
type verifier struct {
	a *Archive
	o VerifyOptions

	mu       sync.Mutex
	problems []Problem
	checked  int   // textures
	done     int64 // bytes of DDS
}

// Verify reads the whole archive: it decodes every texture and checks its layout and SHA-256,
// decodes every preview, looks for rows that belong to nothing, computes the digest and the tree
// and compares them, and lets SQLite check every page of the file. Problems are in the Report; the
// error is for a check that could not be carried out, also by a cancelled ctx. With
// VerifyOptions.Quick it checks only a part.
func (a *Archive) Verify(ctx context.Context, o VerifyOptions) (Report, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if a.remote != nil { // SQLite walks through the indexes too
		if err := a.wantAll(ctx, a.remote.Small()...); err != nil {
			return Report{}, explain(a.path, fmt.Errorf("verify: %w", err))
		}
	}
	v := &verifier{a: a, o: o}
	report := Report{Format: a.format, Textures: a.Len()}
	v.twins()
	step := func(ctx context.Context, do func(context.Context, *sqlite.Conn) error) error {
		return a.reader.Conns.Do(ctx,
			func(c *sqlite.Conn) error { return v.note(ctx, "", do(ctx, c)) })
	}
	// SQLite walks through the file while textures are checked: both go from its beginning to its
	// end, so that a file larger than memory is read once.
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return v.textures(gctx) })
	if a.truncated == nil {
		g.Go(func() error { return step(gctx, v.structure) })
	}
	err := g.Wait()
	report.Checked = v.checked
	if err == nil && a.truncated != nil {
		v.problem("", "%s", plainDamage(a.truncated))
		return v.finish(report), nil // further errors about the tables would not help
	}
	for _, do := range [...]func(context.Context, *sqlite.Conn) error{
		v.records,
		v.owners,
		v.previews,
		func(ctx context.Context, c *sqlite.Conn) (err error) {
			if report.Digest, err = v.digest(ctx, c); err == nil {
				report.Holes, report.Failed, err = holes(ctx, c)
			}
			return err
		},
		func(ctx context.Context, c *sqlite.Conn) error { return v.tree(ctx, c, &report) },
	} {
		if err == nil {
			err = step(ctx, do)
		}
	}
	if err != nil {
		return Report{}, explain(a.path, fmt.Errorf("verify: %w", err))
	}
	return v.finish(report), nil
}

// finish adds the problems to the report.
func (v *verifier) finish(r Report) Report {
	slices.SortFunc(v.problems, func(p, q Problem) int {
		return strings.Compare(p.Texture+"\x00"+p.What, q.Texture+"\x00"+q.What)
	})
	r.Problems = append([]Problem{}, v.problems...)
	r.OK = len(r.Problems) == 0
	return r
}

// VerifyFile is Verify of the archive at path. Damage that prevents opening it is a problem as
// well; the report then has Unreadable set.
func VerifyFile(ctx context.Context, path string, o VerifyOptions) (r Report, err error) {
	a, err := OpenWith(ctx, path, ReaderOptions{Remains: true})
	if err != nil {
		return Unreadable(path, err)
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.Verify(ctx, o)
}

// Unreadable returns the report on a file that was not opened because it is damaged or no archive,
// and any other error.
func Unreadable(path string, err error) (Report, error) {
	none := errors.Is(err, ErrNotArchive)
	if !none && !errors.Is(err, ErrCorrupt) {
		return Report{}, err
	}
	what := strings.TrimPrefix(plainDamage(err), path+": ")
	return Report{Unreadable: true, NoArchive: none, Problems: []Problem{{What: what}}}, nil
}

// plainDamage returns the text of an error that is known to be damage.
func plainDamage(err error) string {
	return strings.ReplaceAll(err.Error(), ErrCorrupt.Error()+": ", "")
}

// note turns damage into a problem and returns other errors.
func (v *verifier) note(ctx context.Context, texture string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !errors.Is(err, ErrCorrupt) && !errors.Is(sqlite.Classify(err, ""), ErrCorrupt) {
		return err
	}
	v.problem(texture, "%s", plainDamage(err))
	return nil
}

func (v *verifier) problem(texture, format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.problems = append(v.problems, Problem{texture, fmt.Sprintf(format, args...)})
}

// byContent returns the rows of the index in the order of the file, so that those that share a
// content are adjacent.
func (x *index) byContent() []indexRow {
	rows := slices.Clone(x.rows)
	slices.SortFunc(rows, func(a, b indexRow) int { return cmp.Compare(a.content, b.content) })
	return rows
}

// contents returns, for every content, the rows of the index that have it, in the order of the
// file; with Quick only for a sample.
func (v *verifier) contents() [][]indexRow {
	var all [][]indexRow
	for rows := v.a.index.byContent(); len(rows) > 0; {
		n := 1
		for n < len(rows) && rows[n].content == rows[0].content {
			n++
		}
		all, rows = append(all, rows[:n]), rows[n:]
	}
	const share, least = 100, 64
	if n := max(len(all)/share, least); v.o.Quick && n < len(all) {
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		all = all[:n]
		slices.SortFunc(all, func(a, b []indexRow) int {
			return cmp.Compare(a[0].content, b[0].content)
		})
	}
	return all
}

// textures checks contents, each once, and reports problems for all textures that have it.
func (v *verifier) textures(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(v.o.Workers)
	contents := v.contents()
	total := int64(0)
	for _, owners := range contents {
		total += v.a.index.entryOf(owners[0]).Layout.Size()
	}
	for _, owners := range contents {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			e := v.a.index.entryOf(owners[0])
			err := v.content(ctx, e)
			for _, row := range owners {
				if err := v.note(ctx, v.a.index.entryOf(row).Texture.Name(), err); err != nil {
					return err
				}
			}
			v.progress(len(owners), e.Layout.Size(), total)
			return nil
		})
	}
	return g.Wait()
}

// progress counts a finished content of n bytes, which the given number of textures have.
func (v *verifier) progress(textures int, n, total int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.checked += textures
	v.done += n
	if v.o.Progress != nil {
		v.o.Progress(v.done, total)
	}
}

// content decodes the whole file of e and compares its hashes.
func (v *verifier) content(ctx context.Context, e Entry) error {
	want, err := v.a.storedSums(ctx, e)
	if err != nil {
		return err
	}
	got, err := v.a.reader.Sums(ctx, e.content, e.Layout)
	switch {
	case err != nil:
		return err
	case got.SHA != want.SHA:
		return corrupt("its bytes do not match its SHA-256")
	case v.a.hashed() && !bytes.Equal(got.States, want.States):
		return corrupt("its bytes do not match the hashes of its segments")
	}
	return nil
}

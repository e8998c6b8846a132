package get

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/share/catalogue"
	"github.com/xelpack/xelpack/internal/signing"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/combine"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options say what is wanted of an offer.
type Options struct {
	Pick  plan.Pick
	Force bool                // mix imagery that may be passed on with imagery that may not
	Have  []string            // archives whose contents are not fetched again, by path or address
	Keys  []signing.PublicKey // each archive must be signed with one of them; none: any signature
	Note  func(string)
}

// Choice is what an offer has of a flight.
type Choice struct {
	Taken    []Taken  `json:"archives"` // the finest first
	Textures int      `json:"textures"`
	Bytes    int64    `json:"bytes"`       // of the DDS files
	Fetch    int64    `json:"fetch_bytes"` // about; what is here already does not count
	Notes    []string `json:"notes,omitempty"`
	archives []*mbtiles.Archive
	options  combine.MergeOptions
}

// Taken is what is taken of an archive.
type Taken struct {
	File        string `json:"file"`
	From        string `json:"from"` // as it may be shown
	Textures    int    `json:"textures"`
	Fetch       int64  `json:"fetch_bytes"`
	PassOn      string `json:"pass_on"`
	Attribution string `json:"attribution"`
	// Signed has whose it is, as the catalogue's signatures prove.
	Signed []signing.Verdict `json:"signed,omitempty"`
}

// String describes it as a line for people.
func (t Taken) String() string {
	text := fmt.Sprintf("%s: %s, %s to fetch", t.File, units.Plural(t.Textures, "texture"),
		units.Bytes(t.Fetch))
	if t.Attribution != "" {
		text += "; " + strings.ReplaceAll(t.Attribution, "\n", "; ")
	}
	text += "; pass on: " + t.PassOn
	for _, v := range t.Signed {
		text += "; signed " + v.By()
	}
	return text
}

// Choose opens the archives that cover what is wanted, and chooses textures: of several of one name
// the sharpest, of the finest archive. The Choice must be closed. The error is tiles.ErrNothing if
// the offer has nothing there.
func (o *Offer) Choose(ctx context.Context, want Options) (_ *Choice, err error) {
	c := &Choice{options: combine.MergeOptions{Prefer: combine.PreferSharpest,
		Force: want.Force || o.Private}}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	var regions tiles.Union
	if want.Pick.Given() {
		ground, err := want.Pick.Ground(want.Note)
		if err != nil {
			return nil, err
		}
		regions, c.Notes = ground.Regions, ground.Notes
	}
	picked := map[*mbtiles.Archive]map[tiles.Key]bool{}
	entries := map[*mbtiles.Archive]catalogue.Archive{}
	signed := map[*mbtiles.Archive][]signing.Verdict{}
	var none error
	for _, entry := range o.Covering(regions) {
		verdicts, err := judge(entry, want.Keys)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", o.name, entry.File, err)
		}
		a, err := o.open(ctx, entry, want.Note)
		if err != nil {
			return nil, err
		}
		c.archives, signed[a] = append(c.archives, a), verdicts
		if err := attach(a, entry); err != nil {
			return nil, err
		}
		pick, err := want.Pick.Of(ctx, a, func(string) {}) // said above
		if errors.Is(err, tiles.ErrNothing) {
			none = err
			continue
		}
		if err != nil {
			return nil, err
		}
		picked[a], entries[a] = pick.Keys, entry
	}
	if len(picked) == 0 {
		return nil, o.nothing(none)
	}
	c.options.Keep = func(a *mbtiles.Archive, e mbtiles.Entry) bool {
		return picked[a][e.Texture.Key()]
	}
	for _, name := range want.Have {
		a, err := o.opener.Open(ctx, name, mbtiles.ReaderOptions{CacheBytes: -1, Readers: 2})
		if err != nil {
			return nil, fmt.Errorf("--have: %w", err)
		}
		c.options.Have = append(c.options.Have, a)
	}
	return c, c.weigh(ctx, entries, signed)
}

// nothing is the error of an offer without what is wanted.
func (o *Offer) nothing(none error) error {
	if none == nil {
		none = tiles.ErrNothing
	}
	return fmt.Errorf("%s: none of the %s there: %w", o.name,
		units.Plural(len(o.Archives), "archive"), none)
}

// weigh finds out what is taken of which archive.
func (c *Choice) weigh(ctx context.Context, entries map[*mbtiles.Archive]catalogue.Archive,
	signed map[*mbtiles.Archive][]signing.Verdict) error {
	plan, err := combine.PlanMerge(ctx, c.archives, c.options)
	if err != nil {
		return err
	}
	c.Textures, c.Bytes = plan.Textures, plan.Bytes
	for _, a := range c.archives {
		n := 0
		for range plan.From(a) {
			n++
		}
		if n == 0 {
			continue
		}
		fetch, err := a.ToFetch(ctx, plan.From(a), c.options.Have)
		if err != nil {
			return err
		}
		e := entries[a]
		c.Taken = append(c.Taken, Taken{e.File, a.Path(), n, fetch.Bytes, e.Terms.Words(),
			e.Attribution, signed[a]})
		c.Fetch += fetch.Bytes
	}
	return nil
}

// Make makes the archive.
func (c *Choice) Make(ctx context.Context, path string,
	o mbtiles.CopyOptions) (combine.MergeReport, error) {
	options := c.options
	o.Have = options.Have
	options.CopyOptions = o
	return combine.Merge(ctx, path, c.archives, options)
}

// Close closes the archives.
func (c *Choice) Close() error {
	var errs []error
	for _, a := range slices.Concat(c.archives, c.options.Have) {
		errs = append(errs, a.Close())
	}
	c.archives, c.options.Have = nil, nil
	return errors.Join(errs...)
}

// statement is what signatures in a catalogue are over.
func statement(e catalogue.Archive) mbtiles.Statement {
	return mbtiles.Statement{Digest: e.Digest, Root: e.Root, Textures: e.Textures}
}

// judge finds out whose an archive is before anything of it is fetched. A name with another key
// than before is an error, and a signature that does not fit what the catalogue says.
func judge(e catalogue.Archive, keys []signing.PublicKey) ([]signing.Verdict, error) {
	return signing.JudgeWhole(statement(e), e.Signatures, keys)
}

// attach has the archive carry the catalogue's signatures, so that what is made of it has them.
func attach(a *mbtiles.Archive, e catalogue.Archive) error {
	for _, s := range e.Signatures {
		if err := a.Attach(statement(e), s); err != nil {
			return err
		}
	}
	return nil
}

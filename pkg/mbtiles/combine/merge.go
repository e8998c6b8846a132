package combine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// Preference selects one of several textures of one name for a merged archive. Always, one without
// failed chunks is preferred to one with, and of equally good ones that of the archive given first
// is taken.
type Preference uint8

// The preferences.
const (
	PreferFirst  Preference = iota // of the archive given first
	PreferNewest                   // of the archive whose file was modified last
	// with the greatest detail, then the most pixels, then the fewest chunks enlarged or without
	// imagery
	PreferSharpest
)

// String returns what ParsePreference reads.
func (p Preference) String() string {
	switch p {
	case PreferFirst:
		return "first"
	case PreferNewest:
		return "newest"
	case PreferSharpest:
		return "sharpest"
	}
	return fmt.Sprintf("Preference(%d)", uint8(p))
}

// ParsePreference reads "first", "newest" or "sharpest", in any case.
func ParsePreference(s string) (Preference, error) {
	for _, p := range [...]Preference{PreferFirst, PreferNewest, PreferSharpest} {
		if strings.EqualFold(s, p.String()) {
			return p, nil
		}
	}
	return 0, fmt.Errorf("unknown preference %q (want first, newest or sharpest)", s)
}

// MergeOptions control a merge.
type MergeOptions struct {
	mbtiles.CopyOptions
	Prefer Preference
	Force  bool // merge imagery that may be passed on with imagery that may not; the result may not
	// Keep says which textures of an input count. nil: all.
	Keep func(*mbtiles.Archive, mbtiles.Entry) bool
}

// MergeReport is the result of a merge. Scripts rely on its JSON.
type MergeReport struct {
	mbtiles.CopyReport
	Inputs []MergeInput `json:"inputs"`

	sources []mbtiles.Source
}

// From yields the textures that are taken from an input.
func (r MergeReport) From(a *mbtiles.Archive) iter.Seq[mbtiles.Entry] {
	return func(yield func(mbtiles.Entry) bool) {
		for _, s := range r.sources {
			if s.From == a && !yield(s.Entry()) {
				return
			}
		}
	}
}

// MergeInput is the result for one input.
type MergeInput struct {
	Path     string `json:"archive"`
	Textures int    `json:"textures"`
	// textures taken into the merged archive; the others come from another input
	Taken int `json:"taken"`
}

// Merge makes one archive at path from several, without compressing anything again. It has one of
// every texture, and one content of equal files, whichever inputs they are from. Attribution,
// licences and providers are those of all inputs that something was taken from.
//
// The error is ErrMixture if some of these may be passed on and some may not, unless o.Force is
// set; mbtiles.ErrUnfinished for an input that is not complete; and mbtiles.ErrIsPatch for a patch.
func Merge(ctx context.Context, path string, inputs []*mbtiles.Archive,
	o MergeOptions) (MergeReport, error) {
	m, err := planMerge(ctx, inputs, o)
	if err != nil {
		return MergeReport{}, fmt.Errorf("merge: %w", err)
	}
	report := MergeReport{Inputs: m.inputs, sources: m.sources}
	report.CopyReport, err = mbtiles.Assemble(ctx, path,
		mbtiles.Assembly{From: inputs, Sources: m.sources, Metadata: m.meta}, o.CopyOptions)
	return report, err
}

// PlanMerge returns what Merge would take, or its error, without doing anything.
func PlanMerge(ctx context.Context, inputs []*mbtiles.Archive,
	o MergeOptions) (MergeReport, error) {
	m, err := planMerge(ctx, inputs, o)
	if err != nil {
		return MergeReport{}, fmt.Errorf("merge: %w", err)
	}
	report := MergeReport{Inputs: m.inputs, sources: m.sources}
	report.Textures = len(m.sources)
	for _, s := range m.sources {
		report.Bytes += s.Entry().Layout.Size()
	}
	return report, nil
}

// merging is the state of a merge.
type merging struct {
	sources []mbtiles.Source
	meta    map[string]string
	inputs  []MergeInput
}

func planMerge(ctx context.Context, inputs []*mbtiles.Archive, o MergeOptions) (merging, error) {
	if len(inputs) == 0 {
		return merging{}, errors.New("no archives to merge")
	}
	var all []mbtiles.Source // adjacent if they have one name, in the order of the inputs
	entrants := make(map[*mbtiles.Archive]*entrant, len(inputs))
	for i, a := range inputs {
		if entrants[a] != nil {
			return merging{}, fmt.Errorf("%s is given twice", a.Path())
		}
		in, err := newEntrant(ctx, a, i)
		if err != nil {
			return merging{}, err
		}
		entrants[a] = in
		var keep func(mbtiles.Entry) bool
		if o.Keep != nil {
			keep = func(e mbtiles.Entry) bool { return o.Keep(a, e) }
		}
		all = append(all, a.Sources(keep)...)
	}
	slices.SortStableFunc(all, mbtiles.Source.CompareKey)

	m := merging{inputs: make([]MergeInput, len(inputs))}
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[0].CompareKey(all[n]) == 0 {
			n++
		}
		best, err := contest(ctx, all[:n], entrants, o.Prefer)
		if err != nil {
			return merging{}, err
		}
		m.sources = append(m.sources, best)
		m.inputs[entrants[best.From].place].Taken++
		all = all[n:]
	}
	slices.SortFunc(m.sources, mbtiles.Source.Compare)

	var givers []*entrant
	for i, a := range inputs {
		m.inputs[i].Path, m.inputs[i].Textures = a.Path(), a.Len()
		if m.inputs[i].Taken > 0 {
			givers = append(givers, entrants[a])
		}
	}
	var err error
	m.meta, err = combine(givers, o.Force)
	return m, err
}

// entrant is an input of a merge.
type entrant struct {
	*mbtiles.Archive
	place   int // position among the inputs
	meta    map[string]string
	changed time.Time
}

func newEntrant(ctx context.Context, a *mbtiles.Archive, place int) (*entrant, error) {
	if !a.Complete() {
		return nil, fmt.Errorf("%s: %w", a.Path(), mbtiles.ErrUnfinished)
	}
	meta, err := a.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.NoPatch(); err != nil {
		return nil, err
	}
	info, err := a.Stat()
	if err != nil {
		return nil, err
	}
	return &entrant{a, place, meta, info.ModTime()}, nil
}

// contest chooses among textures of one name.
func contest(ctx context.Context, same []mbtiles.Source, entrants map[*mbtiles.Archive]*entrant,
	p Preference) (mbtiles.Source, error) {
	if len(same) == 1 {
		return same[0], nil
	}
	var best mbtiles.Source
	var champion contender
	for i, s := range same {
		record, err := s.From.Record(ctx, s.Entry())
		if err != nil {
			return mbtiles.Source{}, err
		}
		if c := (contender{record, entrants[s.From].changed}); i == 0 || c.better(champion, p) {
			best, champion = s, c
		}
	}
	return best, nil
}

// contender is a texture with what matters for the choice.
type contender struct {
	mbtiles.Record
	changed time.Time // time of its archive's file
}

func (c contender) better(than contender, p Preference) bool {
	fewer := func(a, b int) int { return cmp.Compare(b, a) } // above 0 if a is the smaller
	order := fewer(min(c.Failed, 1), min(than.Failed, 1))
	switch p {
	case PreferNewest:
		order = cmp.Or(order, c.changed.Compare(than.changed))
	case PreferSharpest:
		order = cmp.Or(order, fewer(int(c.Detail), int(than.Detail)),
			cmp.Compare(c.Layout.Side, than.Layout.Side),
			fewer(c.Overzoomed+c.Missing, than.Overzoomed+than.Missing))
	}
	return cmp.Or(order, fewer(c.Failed, than.Failed)) > 0
}

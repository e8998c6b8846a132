package combine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// ChangeKind says how a texture differs between two archives.
type ChangeKind string

// The kinds of change. Scripts rely on their text.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed" // its pixels
	// only what the archive records: spelling, detail, counts of chunks, provider
	Recorded ChangeKind = "recorded"
)

// Change is a texture that differs. Scripts rely on its JSON.
type Change struct {
	Kind    ChangeKind `json:"change"`
	Texture string     `json:"texture"` // its file name, as in the later archive
	Old     string     `json:"old,omitempty"`
	New     string     `json:"new,omitempty"` // SHA-256 of the files, in hex
}

// Difference is the difference between two archives. Scripts rely on its JSON.
type Difference struct {
	OldDigest string   `json:"old_digest"`
	NewDigest string   `json:"new_digest"`
	Changes   []Change `json:"changes"` // in the order of textures
}

// Count returns how many changes are of a kind.
func (d Difference) Count(k ChangeKind) int {
	n := 0
	for _, c := range d.Changes {
		if c.Kind == k {
			n++
		}
	}
	return n
}

// Diff compares the records of two archives. No pixels are read: equal hashes are equal files.
func Diff(ctx context.Context, from, to *mbtiles.Archive) (Difference, error) {
	d := Difference{Changes: []Change{}}
	err := errors.Join(from.NoPatch(), to.NoPatch())
	if err != nil {
		return d, err
	}
	if d.OldDigest, err = from.Digest(ctx); err != nil {
		return d, err
	}
	if d.NewDigest, err = to.Digest(ctx); err != nil {
		return d, err
	}
	for p, err := range pairs(ctx, from, to) {
		if err != nil {
			return d, err
		}
		if kind, differs := p.kind(); differs {
			d.Changes = append(d.Changes, p.change(kind))
		}
	}
	return d, nil
}

// pair is one texture in two archives; nil if one lacks it.
type pair struct {
	old, new       *mbtiles.Record
	mbtiles.Source // in the later one
}

func (p pair) kind() (ChangeKind, bool) {
	switch {
	case p.old == nil:
		return Added, true
	case p.new == nil:
		return Removed, true
	case p.old.SHA256 != p.new.SHA256:
		return Changed, true
	}
	return Recorded, *p.old != *p.new
}

func (p pair) change(kind ChangeKind) Change {
	c := Change{Kind: kind}
	if p.old != nil {
		c.Texture, c.Old = p.old.File(), fmt.Sprintf("%x", p.old.SHA256)
	}
	if p.new != nil {
		c.Texture, c.New = p.new.File(), fmt.Sprintf("%x", p.new.SHA256)
	}
	return c
}

// pairs yields the textures of two archives in the order of their keys. After an error it ends.
func pairs(ctx context.Context, from, to *mbtiles.Archive) iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		if from == to {
			return
		}
		all := append(from.Sources(nil), to.Sources(nil)...)
		slices.SortStableFunc(all, mbtiles.Source.CompareKey)
		for len(all) > 0 {
			var p pair
			var err error
			n := 0
			for ; n < len(all) && all[0].CompareKey(all[n]) == 0 && err == nil; n++ {
				var r mbtiles.Record
				r, err = all[n].From.Record(ctx, all[n].Entry())
				if all[n].From == to {
					p.new, p.Source = &r, all[n]
				} else {
					p.old = &r
				}
			}
			if !yield(p, err) || err != nil {
				return
			}
			all = all[n:]
		}
	}
}

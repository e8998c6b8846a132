package tiles

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
)

// DefaultPixelAngle is the angle of a screen pixel in radians: a 4K screen.
const DefaultPixelAngle = 0.0003

// ErrNothing means that no texture meets the selection.
var ErrNothing = errors.New("no texture meets the selection")

// Selection is what a user selects. The zero value, with Candidates set, selects every candidate at
// full detail.
type Selection struct {
	// Regions are united. Without regions and without a route every candidate is selected.
	Regions Union
	// Paths are the routes flown: they determine detail and order. Their corridors or windows are
	// in Regions.
	Paths []*Path
	// Sight lowers the detail of textures far from every path; without paths it has no effect.
	Sight bool
	// PixelAngle is the angle of a screen pixel in radians. Default 0.0003.
	PixelAngle float64

	// Candidates are the textures that the scenery names. Nil means the aligned grid of the regions
	// at ZL.
	Candidates []Texture
	// ZL and Maptype are those of the grid. Ignored with Candidates.
	ZL      ZL
	Maptype string
}

// Plan returns the selected textures, ordered along the routes from their departures; without a
// route, in the order of Texture.Compare. Textures that differ only in the case of their maptype
// are one.
//
// It returns ErrNothing if no texture is selected.
func (s Selection) Plan(ctx context.Context) ([]Item, error) {
	chosen, err := s.choose(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(chosen, Texture.Compare)

	type placed struct {
		Item
		along float64
	}
	seen := make(map[Key]bool, len(chosen))
	items := make([]placed, 0, len(chosen))
	for i, t := range chosen {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if seen[t.Key()] {
			continue
		}
		seen[t.Key()] = true
		near := s.approach(t.Box())
		items = append(items, placed{Item{t, s.detail(t, near.Slant)}, near.Along})
	}
	if len(items) == 0 {
		return nil, ErrNothing
	}
	slices.SortStableFunc(items, func(a, b placed) int { return cmp.Compare(a.along, b.along) })
	plan := make([]Item, len(items))
	for i, it := range items {
		plan[i] = it.Item
	}
	return plan, nil
}

func (s Selection) choose(ctx context.Context) ([]Texture, error) {
	switch {
	case s.Candidates == nil:
		return Grid(ctx, s.Regions, s.ZL, s.Maptype)
	case len(s.Regions) == 0:
		return slices.Clone(s.Candidates), nil
	default:
		return Filter(ctx, s.Regions, s.Candidates)
	}
}

// approach returns the nearest approach of any path; without a path, the zero Approach.
func (s Selection) approach(b Box) Approach {
	if len(s.Paths) == 0 {
		return Approach{}
	}
	best := s.Paths[0].Approach(b)
	for _, p := range s.Paths[1:] {
		if a := p.Approach(b); a.Slant < best.Slant {
			best = a
		}
	}
	return best
}

// detail returns the least k at which the pixels of t, seen from slant metres, are no larger than
// the screen's.
func (s Selection) detail(t Texture, slant float64) uint8 {
	if !s.Sight || len(s.Paths) == 0 {
		return 0
	}
	k := math.Floor(math.Log2(
		slant * cmp.Or(s.PixelAngle, DefaultPixelAngle) / PixelSize(t.Center().Lat(), t.ZL)))
	return uint8(min(max(k, 0), MaxDetail))
}

// Count is the part of a plan at one zoom level and detail. Scripts rely on the JSON names.
type Count struct {
	ZL       ZL    `json:"zl"`
	Detail   uint8 `json:"k"`
	Textures int   `json:"textures"`
	Chunks   int   `json:"chunks"` // places at ZL-Detail, whatever depth the provider has
}

// Counts counts items by zoom level and detail, in that order.
func Counts(items []Item) []Count {
	var counts []Count
	for _, it := range items {
		order := func(c Count, it Item) int {
			return cmp.Or(cmp.Compare(c.ZL, it.ZL), cmp.Compare(c.Detail, it.Detail))
		}
		at, found := slices.BinarySearchFunc(counts, it, order)
		if !found {
			counts = slices.Insert(counts, at, Count{ZL: it.ZL, Detail: it.Detail})
		}
		counts[at].Textures++
		counts[at].Chunks += it.ChunkCount()
	}
	return counts
}

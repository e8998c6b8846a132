package tiles

import (
	"context"
	"fmt"
)

// Region is an area on the ground.
type Region interface {
	// Meets reports whether the region and b share more than an edge. If a region meets a box, it
	// must meet every box around that one: searches rely on this to descend through ever smaller
	// squares.
	Meets(b Box) bool
}

var (
	_ Region = boxRegion(nil)
	_ Region = Union(nil)
	_ Region = (*polygonRegion)(nil)
	_ Region = corridor{}
	_ Region = window{}
)

// Union is the area covered by any of its regions.
type Union []Region

// Meets implements Region.
func (u Union) Meets(b Box) bool {
	for _, r := range u {
		if r.Meets(b) {
			return true
		}
	}
	return false
}

// MaxSelection is how many textures a selection may hold: about forty times Europe at ZL16. A
// larger one is a typing mistake.
const MaxSelection = 20_000_000

// Grid returns the textures of the aligned grid at zl whose squares meet r, in no stated order.
// Time and memory grow with the result, not with the area examined.
func Grid(ctx context.Context, r Region, zl ZL, maptype string) ([]Texture, error) {
	return grid(ctx, r, zl, maptype, MaxSelection)
}

func grid(ctx context.Context, r Region, zl ZL, maptype string, limit int) ([]Texture, error) {
	if err := (Texture{ZL: zl, Maptype: maptype}).Valid(); err != nil {
		return nil, fmt.Errorf("select textures: %w", err)
	}
	var found []Texture
	var descend func(z ZL, x, y uint32) error
	descend = func(z ZL, x, y uint32) error {
		if err := ctx.Err(); err != nil || !r.Meets(tileBox(z, x, y)) {
			return err
		}
		if z < zl-4 {
			for child := range uint32(4) {
				if err := descend(z+1, 2*x+child&1, 2*y+child>>1); err != nil {
					return err
				}
			}
			return nil
		}
		if len(found) == limit {
			return fmt.Errorf("select textures: more than %d at ZL%d: choose a smaller area or "+
				"zoom level", limit, zl)
		}
		found = append(found, Texture{Row: y * TextureChunks, Col: x * TextureChunks, ZL: zl,
			Maptype: maptype})
		return nil
	}
	if err := descend(0, 0, 0); err != nil {
		return nil, err
	}
	return found, nil
}

// Filter returns the candidates whose squares meet r, in their order. Distant candidates cost next
// to nothing: squares of 16×16 textures are checked first.
func Filter(ctx context.Context, r Region, candidates []Texture) ([]Texture, error) {
	const coarser = 4
	type square struct {
		z    ZL
		x, y uint32
	}
	near := make(map[square]bool)
	var found []Texture
	for i, t := range candidates {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		z, x, y := t.Tile()
		up := min(z, coarser)
		sq := square{z - up, x >> up, y >> up}
		meets, known := near[sq]
		if !known {
			meets = r.Meets(tileBox(sq.z, sq.x, sq.y))
			near[sq] = meets
		}
		if meets && r.Meets(t.Box()) {
			found = append(found, t)
		}
	}
	return found, nil
}

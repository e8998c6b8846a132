package farm

import (
	"cmp"
	"slices"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	mostTextures = 64
	mostBytes    = 64 << 20 // of a share
	// besideBytes is a texture's preview and its rows.
	besideBytes = 64 << 10
)

// sizeFor is how many textures a job of a plan has at most: fewer in a small plan, so that all
// workers end together, and little is lost with one of them.
func sizeFor(textures int) int { return max(2, min(textures/400, mostTextures)) }

// group cuts a plan into jobs of neighbouring textures, so that few chunks and parents are wanted
// by two. Equal plans are cut equally, in whatever order they are.
func group(items []tiles.Item, most int) (jobs [][]tiles.Item) {
	type placed struct {
		tiles.Item
		code uint64
	}
	list := make([]placed, len(items))
	for i, it := range items {
		_, x, y := it.Tile()
		list[i] = placed{it, interleaved(x) | interleaved(y)<<1}
	}
	slices.SortFunc(list, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.Maptype, b.Maptype), cmp.Compare(a.ZL, b.ZL), cmp.Compare(a.code, b.code),
			a.Texture.Compare(b.Texture))
	})
	var current []tiles.Item
	size := int64(0)
	flush := func() {
		if len(current) > 0 {
			jobs = append(jobs, current)
		}
		current, size = nil, 0
	}
	// place puts textures below one tile into the current job, into one of their own, or, if they
	// are too many, those of its quarters.
	var place func(some []placed, bits int)
	place = func(some []placed, bits int) {
		bytes := int64(0)
		for _, p := range some {
			bytes += weight(p.Item)
		}
		if len(some) > 1 && (len(some) > most || bytes > mostBytes) && bits > 0 {
			bits -= 2
			for len(some) > 0 {
				n := 1
				for n < len(some) && some[n].code>>bits == some[0].code>>bits {
					n++
				}
				place(some[:n], bits)
				some = some[n:]
			}
			return
		}
		if len(current)+len(some) > most || size+bytes > mostBytes {
			flush()
		}
		for _, p := range some { // too many of one tile differ in nothing that could be cut
			if len(current)+1 > most || size+weight(p.Item) > mostBytes {
				flush()
			}
			current, size = append(current, p.Item), size+weight(p.Item)
		}
	}
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].Maptype == list[0].Maptype && list[n].ZL == list[0].ZL {
			n++
		}
		place(list[:n], 64)
		list = list[n:]
	}
	flush()
	return jobs
}

// weight is the most that a texture adds to a share.
func weight(it tiles.Item) int64 {
	return dds.Layout{Format: dds.BC1, Side: it.Side()}.Size() + besideBytes
}

// interleaved spreads the bits of v to every second place.
func interleaved(v uint32) uint64 {
	x := uint64(v)
	for _, m := range [...]struct {
		shift uint
		mask  uint64
	}{{16, 0x0000ffff0000ffff}, {8, 0x00ff00ff00ff00ff}, {4, 0x0f0f0f0f0f0f0f0f}, {2, 0x3333333333333333},
		{1, 0x5555555555555555}} {
		x = (x | x<<m.shift) & m.mask
	}
	return x
}

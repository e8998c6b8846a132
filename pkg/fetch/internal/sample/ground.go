package sample

import "github.com/xelpack/xelpack/pkg/tiles"

// ground computes the invented world at a given pixel size.
type ground struct {
	pixel, shift  uint32 // 1<<shift units
	highway, lane uint32 // half widths; 0 if too narrow to be visible
	latest        parcel // the next pixel is usually in the same one
}

type parcel struct {
	x, y, hash uint32
}

func newGround(c tiles.Chunk) *ground {
	g := &ground{shift: uint32(24 - c.Z), pixel: 1 << (24 - c.Z), latest: parcel{x: ^uint32(0)}}
	visible := func(width uint32) uint32 {
		if 2*width < g.pixel {
			return 0
		}
		return max(width, g.pixel)
	}
	g.highway, g.lane = visible(2600), visible(900)
	return g
}

// place is a point of the ground: its position on the distorted grid of fields and roads, and its
// properties. Passing it by pointer is a third faster.
type place struct {
	bentU, bentV  uint32
	height, light int32
	wet           int32
	grain         int32 // unevenness, -16 to 15
}

func (g *ground) at(p *place) paint {
	switch {
	case p.height < deepSea:
		return seaPaint()
	case p.height < 0:
		t := (p.height - deepSea) << 8 / -deepSea
		return seaPaint().blend(shallowPaint(), t*t>>8)
	}
	if p.height < beachTop {
		return ink(196, 182, 146).lighter(p.grain / 3)
	}
	if man, ok := g.built(p); ok {
		return man.lighter(p.grain/4 + p.light/2)
	}
	switch {
	case p.height > treeLine:
		return ink(120, 114, 104).lighter(p.grain/2 + p.light*3/2)
	case p.wet > 4000:
		return ink(42, 62, 36).lighter(p.grain + p.light)
	case p.wet > 3000:
		return ink(78, 92, 54).lighter(p.grain + p.light)
	}
	return g.field(p).lighter(p.grain/4 + p.light)
}

// near reports whether p is within width of a line of the octave's grid.
func near(p *place, octave int, width uint32) bool {
	inside := uint32(1)<<(32-octave) - 1
	return p.bentU&inside < width || p.bentV&inside < width
}

// built returns roads and houses.
func (g *ground) built(p *place) (paint, bool) {
	if near(p, highwayOctave, g.highway) {
		return ink(140, 136, 130), true
	}
	if near(p, roadOctave, g.lane) {
		return ink(168, 158, 138), true
	}
	// A village is at some of the crossings of lanes.
	const cell = 32 - roadOctave
	x, y := (p.bentU+1<<(cell-1))>>cell, (p.bentV+1<<(cell-1))>>cell
	du, dv := int32(p.bentU-x<<cell), int32(p.bentV-y<<cell)
	if g.pixel > 1<<(33-houseOctave) || max(du, -du)+max(dv, -dv) > 1<<(cell-3) ||
		mix(seedHouse, x, y)%3 != 0 {
		return paint{}, false
	}
	lot := mix(seedHouse, p.bentU>>(32-houseOctave), p.bentV>>(32-houseOctave))
	inside := uint32(1)<<(32-houseOctave) - 1
	if lot%5 < 2 && p.bentU&inside < inside*3/4 && p.bentV&inside < inside*2/3 {
		if lot&64 == 0 {
			return ink(148, 92, 74), true
		}
		return ink(132, 130, 128), true
	}
	return ink(96, 108, 68), true
}

// field returns the parcel of farmland at p.
func (g *ground) field(p *place) paint {
	const cell = 32 - parcelOctave
	if g.pixel > 1<<(cell-1) {
		return ink(118, 120, 76) // the mean of the colours below
	}
	if x, y := p.bentU>>cell, p.bentV>>cell; x != g.latest.x || y != g.latest.y {
		g.latest = parcel{x, y, mix(seedParcel, x, y)}
	}
	parcel := g.latest.hash
	inU, inV := p.bentU&(1<<cell-1), p.bentV&(1<<cell-1)
	switch parcel & 3 { // divided in strips, along one side or the other
	case 1:
		parcel = mix(parcel, inU>>(cell-1), 0)
	case 2:
		parcel = mix(parcel, 0, inV>>(cell-2))
	}
	if edge := uint32(450); 2*edge > g.pixel && (inU < edge || inV < edge) && parcel&0x30 == 0 {
		return ink(52, 70, 42) // a hedge
	}
	colour := crop(parcel >> 8)
	if g.pixel <= 1<<(32-furrowOctave-2) {
		along := inU
		if parcel&0x40 == 0 {
			along = inV
		}
		return colour.lighter(int32(along>>(31-furrowOctave)&1)*8 - 4)
	}
	return colour
}

// crop returns what grows in a parcel.
func crop(h uint32) paint {
	shade := int32(h>>8%16) - 8
	switch h % 8 {
	case 0:
		return ink(176, 158, 104).lighter(shade)
	case 1:
		return ink(138, 116, 84).lighter(shade)
	case 2, 3:
		return ink(98, 122, 62).lighter(shade)
	case 4:
		return ink(82, 108, 56).lighter(shade)
	case 5:
		return ink(126, 134, 78).lighter(shade)
	case 6:
		return ink(150, 146, 92).lighter(shade)
	}
	return ink(108, 110, 72).lighter(shade)
}

package sample

import "github.com/xelpack/xelpack/pkg/tiles"

// The invented world is a square of 2^32 units a side, which wraps around; a pixel at ZL z is
// 2^(24-z) units. Octave k of its noise has 2^k cells along each side.

// mix hashes a place of an octave.
func mix(seed, x, y uint32) uint32 {
	h := seed*0x9E3779B1 ^ x*0x85EBCA77 ^ y*0xC2B2AE3D
	h ^= h >> 15
	h *= 0x2C1B3C6D
	h ^= h >> 12
	h *= 0x297A2D39
	return h ^ h>>15
}

// ease is 3t²-2t³ of t in 15 bits.
func ease(t uint32) int32 { return int32(t * t >> 15 * (3<<15 - 2*t) >> 15) }

// lerp goes from a to b as t goes from 0 to 2^15.
func lerp(a, b, t int32) int32 { return a + (b-a)*t>>15 }

// reliefWeight is the amplitude of the relief's octave k, in 1/256, from octave 2. Amplitudes fall
// at first, so that there are continents; those of some kilometres are strong again, so that a few
// textures anywhere include a coast.
func reliefWeight(k int) int32 {
	weights := [...]int32{80, 75, 70, 70, 75, 90, 120, 160, 150, 110, 76, 50, 34, 22, 15, 10, 7, 5,
		3, 2, 1}
	if k-2 < len(weights) {
		return weights[k-2]
	}
	return 0
}

// field is one property of the ground over a chunk, at every eighth pixel, at the far edges, where
// the neighbours have the same values, and one step beyond, for slopes.
type field [fieldSide * fieldSide]int32

const (
	fieldStep = 8
	fieldSide = tiles.ChunkPixels/fieldStep + 2
)

// fill sets f to the weighted sum of octaves from first to last at c.
func (f *field) fill(c tiles.Chunk, seed uint32, first, last int, weight func(k int) int32) {
	clear(f[:])
	for k := first; k <= last; k++ {
		f.add(c, seed, k, weight(k))
	}
}

// add adds octave k, times weight/256: random from -32768 to 32767 at the corners of its cells,
// smooth between.
func (f *field) add(c tiles.Chunk, seed uint32, k int, weight int32) {
	step := uint32(fieldStep) << (24 - c.Z)
	u0, v0 := c.X<<(32-c.Z), c.Y<<(32-c.Z)
	seed += uint32(k) << 8
	mask := uint32(1)<<k - 1
	corner := func(x, y uint32) int32 { return int32(mix(seed, x&mask, y&mask)>>16) - 32768 }
	for j := range uint32(fieldSide) {
		v := v0 + j*step
		y, t := v>>(32-k), ease(v<<k>>17)
		cell, west, east := ^uint32(0), int32(0), int32(0) // no cell yet
		for i := range uint32(fieldSide) {
			u := u0 + i*step
			if x := u >> (32 - k); x != cell {
				cell = x
				west = lerp(corner(x, y), corner(x, y+1), t)
				east = lerp(corner(x+1, y), corner(x+1, y+1), t)
			}
			f[j*fieldSide+i] += lerp(west, east, ease(u<<k>>17)) * weight >> 8
		}
	}
}

// row writes the field's values along pixel row y to out.
func (f *field) row(y int, out *[tiles.ChunkPixels]int32) {
	top := f[y/fieldStep*fieldSide:]
	below := top[fieldSide:]
	t := int32(y % fieldStep)
	left := top[0]*(fieldStep-t) + below[0]*t
	for i := range tiles.ChunkPixels / fieldStep {
		right := top[i+1]*(fieldStep-t) + below[i+1]*t
		value, step := left*fieldStep, right-left
		for x := range fieldStep {
			out[i*fieldStep+x] = value >> 6
			value += step
		}
		left = right
	}
}

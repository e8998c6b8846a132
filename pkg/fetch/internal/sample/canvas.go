package sample

import (
	"image"
	"slices"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// The meaning of the relief's values, and widths on the ground as octaves: at octave 17 a cell is
// about 300 m at the equator.
const (
	deepSea  = -2200 // and below: one even colour
	beachTop = 260
	treeLine = 25000

	parcelOctave  = 17 // fields
	roadOctave    = 15 // lanes between groups of parcels
	highwayOctave = 12
	houseOctave   = 21
	furrowOctave  = 22
)

// The seeds of independent variations.
const (
	seedRelief = iota + 7000 // chosen so that 23952_33712_ZL16 has sea, coast and land round it
	seedWet
	seedWarpU
	seedWarpV
	seedParcel
	seedHouse
	seedGrain
)

// canvas paints one chunk.
type canvas struct {
	relief, slope, wet, warpU, warpV field
	picture                          *image.YCbCr
}

func newCanvas() *canvas {
	return &canvas{picture: image.NewYCbCr(image.Rect(0, 0, tiles.ChunkPixels, tiles.ChunkPixels),
		image.YCbCrSubsampleRatio420)}
}

// paint is a colour.
type paint struct{ y, cb, cr int32 }

// ink converts red, green and blue with the integer coefficients of JFIF.
func ink(r, g, b int32) paint {
	return paint{
		y:  (19595*r + 38470*g + 7471*b + 1<<15) >> 16,
		cb: (-11059*r - 21709*g + 32768*b + 257<<15) >> 16,
		cr: (32768*r - 27439*g - 5329*b + 257<<15) >> 16,
	}
}

// blend goes from p to q as t goes from 0 to 256.
func (p paint) blend(q paint, t int32) paint {
	return paint{p.y + (q.y-p.y)*t>>8, p.cb + (q.cb-p.cb)*t>>8, p.cr + (q.cr-p.cr)*t>>8}
}

func (p paint) lighter(by int32) paint { return paint{p.y + by, p.cb, p.cr} }

func seaPaint() paint     { return ink(22, 52, 82) }
func shallowPaint() paint { return ink(52, 112, 122) }

// survey fills the fields for c and reports whether there is anything but open sea.
func (k *canvas) survey(c tiles.Chunk) (anything bool) {
	finest := int(c.Z) + 4 // 16 px: the finest detail that a field can hold
	most := int32(0)       // the most that the remaining octaves can add
	for octave := 2; octave <= min(finest, 22); octave++ {
		most += reliefWeight(octave) << 7
	}
	clear(k.relief[:])
	for octave := 2; octave <= min(finest, 22); octave++ {
		k.relief.add(c, seedRelief, octave, reliefWeight(octave))
		if most -= reliefWeight(octave) << 7; slices.Max(k.relief[:])+most < deepSea {
			return false
		}
	}
	k.wet.fill(c, seedWet, 8, min(finest, 20), func(k int) int32 { return 200 >> max(0, (k-11)/2) })
	warp := func(k int) int32 { return 190 >> max(0, k-15) }
	k.warpU.fill(c, seedWarpU, 14, min(finest, 17), warp)
	k.warpV.fill(c, seedWarpV, 14, min(finest, 17), warp)

	// Light from the north-west. Its strength is relative to the steepness of the ground at this
	// zoom level.
	steep := int32(1)
	for octave := 2; octave <= min(finest, 22); octave++ {
		steep = max(steep, reliefWeight(octave)<<7>>(finest-octave))
	}
	for j := range fieldSide - 1 {
		for i := range fieldSide - 1 {
			at := j*fieldSide + i
			k.slope[at] = min(max((k.relief[at+fieldSide+1]-k.relief[at])*18*16/steep, -22*16),
				22*16)
		}
	}
	return true
}

// paint draws c after survey.
func (k *canvas) paint(c tiles.Chunk) {
	g := newGround(c)
	var relief, slope, wet, warpU, warpV [tiles.ChunkPixels]int32
	u0, v0 := c.X<<(32-c.Z), c.Y<<(32-c.Z)
	for y := range tiles.ChunkPixels {
		k.relief.row(y, &relief)
		k.slope.row(y, &slope)
		k.wet.row(y, &wet)
		k.warpU.row(y, &warpU)
		k.warpV.row(y, &warpV)
		luma := k.picture.Y[y*k.picture.YStride:][:tiles.ChunkPixels]
		v := v0 + uint32(y)*g.pixel
		coarse := int32(0) // of a group of sixteen pixels
		for x := range tiles.ChunkPixels {
			u := u0 + uint32(x)*g.pixel
			if x%4 == 0 {
				coarse = int32(mix(seedGrain+1, u>>g.shift/4, v>>g.shift/4)>>28) - 16
			}
			p := g.at(&place{
				bentU: u + uint32(warpU[x]), bentV: v +
					uint32(warpV[x]), height: relief[x], light: slope[x] >> 4, wet: wet[x],
				grain: coarse + int32(mix(seedGrain, u>>g.shift, v>>g.shift)>>28),
			})
			luma[x] = uint8(min(max(p.y, 0), 255))
			if x&1 == 0 && y&1 == 0 {
				at := y/2*k.picture.CStride + x/2
				k.picture.Cb[at], k.picture.Cr[at] = uint8(p.cb), uint8(p.cr)
			}
		}
	}
}

// paintSea draws open sea.
func (k *canvas) paintSea() {
	p := seaPaint()
	fill := func(plane []byte, value int32) {
		for i := range plane {
			plane[i] = uint8(value)
		}
	}
	fill(k.picture.Y, p.y)
	fill(k.picture.Cb, p.cb)
	fill(k.picture.Cr, p.cr)
}

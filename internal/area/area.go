// Package area computes how much a source of imagery counts at each pixel of a chunk: fully inside
// an outline, not at all far from it, and decreasingly over a ramp of some metres in between.
//
//	a, err := area.NewOutline(polygons, area.Edge{Ramp: 100})
//	switch a.Cover(chunk) {
//	case area.Partly:
//		var w area.Weights
//		cover := a.Weigh(chunk, &w)
//	}
//
// # The ramp
//
// With d the distance of a pixel's centre from the outline in metres, positive outside, a pixel's
// weight is 255 where d ≤ Buffer, 0 where d ≥ Buffer + Ramp, and in between
//
//	round(255 · (1 − (d − Buffer) / Ramp))
//
// (squared with Square). The ramp lies outside the outline: where two sources share a border, the
// lower one is fully present under the ramp of the upper one, and no third source shows between
// them. Edges are straight in longitude and latitude, as in GeoJSON; distances are measured in the
// plane of the pixel's own latitude, with 111,195 m to a degree of latitude. A weight depends only
// on the pixel, not on the chunk.
package area

import "github.com/xelpack/xelpack/pkg/tiles"

// Cover is how much of a chunk lies in an area.
type Cover uint8

// The covers.
const (
	Outside Cover = iota // every pixel weighs 0
	Partly
	Inside // every pixel weighs 255
)

// side is the width of a chunk.
const side = tiles.ChunkPixels

// Weights are those of a chunk's pixels, row by row.
type Weights [side * side]uint8

// cover returns the cover of the weights.
func (w *Weights) cover() Cover {
	zero, full := true, true
	for _, v := range w {
		zero, full = zero && v == 0, full && v == 255
	}
	switch {
	case zero:
		return Outside
	case full:
		return Inside
	}
	return Partly
}

func (w *Weights) fill(c Cover) Cover {
	v := uint8(0)
	if c == Inside {
		v = 255
	}
	for i := range w {
		w[i] = v
	}
	return c
}

// Area is where a source counts. It is immutable and safe for concurrent use.
type Area interface {
	// Cover returns the cover of the whole chunk. Outside and Inside are certain; Partly may turn
	// out to be one of them once pixels are weighed.
	Cover(c tiles.Chunk) Cover
	// Weigh sets w to the weights of c's pixels and returns their cover.
	Weigh(c tiles.Chunk, w *Weights) Cover
}

// Priority determines how much of a source shows over others. With m its weight at a pixel and W
// the sum of the weights of those below that are not Low:
type Priority uint8

// The priorities.
const (
	High   Priority = iota // m
	Medium                 // 255·m / (W + m): overlapping sources are mixed
	Low                    // like Medium, but it does not add to W
)

// Both is the area where both count: a pixel has the lower of its two weights. Either may be nil,
// which means everywhere.
func Both(a, b Area) Area {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return both{a, b}
}

type both struct{ a, b Area }

func (ab both) Cover(c tiles.Chunk) Cover { return min(ab.a.Cover(c), ab.b.Cover(c)) }

func (ab both) Weigh(c tiles.Chunk, w *Weights) Cover {
	var other Weights
	switch one := ab.a.Weigh(c, w); {
	case one == Outside:
		return Outside
	case ab.b.Weigh(c, &other) == Outside:
		*w = other
		return Outside
	}
	for i, v := range other {
		w[i] = min(w[i], v)
	}
	return w.cover()
}

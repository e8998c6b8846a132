// Package area says how much a source of imagery counts at each pixel of a chunk: all of it inside
// an outline, nothing far from it, and ever less over a ramp of some metres between.
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
// With d the distance of a pixel's centre from the outline in metres, positive outside, a pixel
// weighs 255 where d ≤ Buffer, 0 where d ≥ Buffer + Ramp, and between them
//
//	round(255 · (1 − (d − Buffer) / Ramp))
//
// (of its square with Square). The ramp lies outside the outline: where two sources share a border
// the lower one is whole under the ramp of the upper one, and nothing third shows between. Edges
// are straight in longitude and latitude, as GeoJSON has them; distances are measured in the plane
// of the pixel's own latitude, a degree of latitude being 111,195 m. A weight depends on the pixel
// alone, not on the chunk that it is looked at in.
package area

import "github.com/xelpack/xelpack/pkg/tiles"

// Cover says how much of a chunk lies in an area.
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

// cover says what the weights are alike in.
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

// Area is where a source counts. It is not changed after it was made, and safe for concurrent use.
type Area interface {
	// Cover looks at the chunk as a whole. Outside and Inside are certain; Partly may turn out to
	// be one of them when pixels are looked at.
	Cover(c tiles.Chunk) Cover
	// Weigh sets w to the weights of c's pixels and says what they are alike in.
	Weigh(c tiles.Chunk, w *Weights) Cover
}

// Priority says how much is seen of a source that is laid over others. With m what it weighs at a
// pixel and W the sum of what those below weigh that are not Low:
type Priority uint8

// The priorities.
const (
	High   Priority = iota // m
	Medium                 // 255·m / (W + m): sources that lie over each other are mixed
	Low                    // the same, but it does not add to W
)

// Both is the area where both count: a pixel weighs what it weighs in the one where it weighs less.
// Either may be nil, which is everywhere.
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

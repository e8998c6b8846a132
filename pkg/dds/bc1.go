package dds

import (
	"encoding/binary"
	"math"
)

// The BC1 encoder, one block at a time. bc1_kernel.h is the same algorithm for many blocks at once;
// a change in one must be made in the other. Both give the same bits, which TestEncodePathsAgree
// and FuzzEncodePathsAgree check. For that, sums are of integers wherever possible; floats are
// multiplied and added in a fixed order, each result rounded to float32 (mul); divisions are exact.
//
// A block is a line between two ends, of 5, 6 and 5 bits a channel, and a weight of 0…3 for every
// pixel: 3 is the upper end, 0 the lower. The search has four steps:
//
//  1. The pixels are projected on the axis of greatest spread (principal). From there on they are
//     numbers from -126 to 126.
//  2. On that line, cuts into four runs are tried from several starts (search). A cut is worth the
//     share of the spread that a straight line through weights and places explains. The best cut is
//     refined once by cutting again half-way between the line's four points.
//  3. Least squares give the two colours that suit the weights (fit). Rounding them to 5 or 6 bits
//     loses most, so the two neighbours of the upper end are tried, and the lower end compensates
//     for the shift of the upper one.
//  4. Every pixel takes the nearest of the four colours (assign).
//
// Best does this from every start, repeats steps 3 and 4 while they help, and then moves each end
// by single steps. A block with little spread is often hit better by a point between two ends that
// are far from its colours: it is offered that (nearlyFlat), and a flat block always takes it.

// Limits of the search at each quality.
const (
	goodStarts = 4
	bestCuts   = 2 // refinements of every start
	bestRounds = 3 // of ends and weights
	bestWalks  = 2 // over all single steps
	// Spread, in principal's units, below which a block is nearly flat: half a code value of
	// standard deviation, and four for Best.
	nearly     = 48 * 1024 / 16
	bestNearly = 16 * 48 * 1024 / 4
)

type block struct {
	x [3][16]int32 // code values
	s [3]int32     // and their sums
}

type weights struct {
	w      [16]int32
	n1, n2 int32    // sums of the weights and of their squares
	x      [3]int32 // sums of the weighted code values
}

// ends are the upper and the lower end.
type ends struct {
	q [2][3]int32 // in 5 or 6 bits
	e [2][3]int32 // as code values
}

type choice struct {
	ends    ends
	weights weights
	error   int32
}

// mul is a product that is never fused with an addition.
func mul(a, b float32) float32 { return float32(a * b) }

// mulhrs is a product over 2^15, rounded: the vector instruction of that name.
func mulhrs(a, b int32) int32 { return (a*b + 0x4000) >> 15 }

// encodeColor encodes 16 RGBA pixels into the eight bytes of a BC1 block.
func encodeColor(dst []byte, px *[64]byte, q Quality) {
	var b block
	b.load(px)
	place, spread := b.principal()
	var best choice
	limit := int32(nearly)
	switch q {
	case Fast:
		best = b.quick(&place, 1, false)
	case Best:
		best, limit = b.thorough(&place), bestNearly
	default:
		best = b.quick(&place, goodStarts, true)
	}
	if spread < limit {
		b.nearlyFlat(&best, spread == 0)
	}
	best.write(dst)
}

func (b *block) quick(place *[16]int32, starts int, neighbours bool) (p choice) {
	b.search(&p.weights, place, starts)
	b.fit(&p.ends, &p.weights, neighbours)
	b.complete(&p)
	return p
}

func (b *block) thorough(place *[16]int32) choice {
	best := choice{error: math.MaxInt32}
	var p choice
	u, total := &p.weights, sum(place)
	for s := range starts {
		u.cutStart(place, s)
		for range bestCuts {
			u.cutBetween(place, total, u.fitLine(place, total))
		}
		b.weighColors(u)
		for range bestRounds {
			b.fit(&p.ends, u, true)
			b.complete(&p)
			best.takeBetter(&p)
		}
	}
	for range bestWalks {
		b.wander(&best)
	}
	return best
}

// wander tries to move every end of every channel one step up and down.
func (b *block) wander(best *choice) {
	for i := range 2 {
		for c := range 3 {
			for step := int32(-1); step <= 1; step += 2 {
				p := choice{ends: best.ends}
				p.ends.set(i, c, min(max(best.ends.q[i][c]+step, 0), top(c)))
				b.complete(&p)
				best.takeBetter(&p)
			}
		}
	}
}

func (p *choice) takeBetter(other *choice) {
	if other.error < p.error {
		*p = *other
	}
}

func (b *block) load(px *[64]byte) {
	for i := range 16 {
		for c := range 3 {
			v := int32(px[i*4+c])
			b.x[c][i] = v
			b.s[c] += v
		}
	}
}

func sum(v *[16]int32) (s int32) {
	for _, v := range v {
		s += v
	}
	return s
}

// moment is 1024 times the sum of products of two channels' differences from their means, times 16
// pixels.
func (b *block) moment(c, d int) int32 {
	s := int32(0)
	for i := range 16 {
		s += b.x[c][i] * b.x[d][i]
	}
	return s<<10 - b.s[c]*b.s[d]<<6
}

// project returns the pixels' places on an axis, in units of 1/32 code value.
func (b *block) project(t *[16]int32, axis [3]int32) {
	for i := range t {
		t[i] = mulhrs(b.x[0][i]<<5, axis[0]) + mulhrs(b.x[1][i]<<5, axis[1]) +
			mulhrs(b.x[2][i]<<5, axis[2])
	}
}

// toAxis scales a direction so that its largest part is 32767.
func toAxis(v [3]float32) (axis [3]int32) {
	scale := 32767 / max(abs(v[0]), abs(v[1]), abs(v[2]), 1)
	for c := range axis {
		axis[c] = int32(mul(v[c], scale))
	}
	return axis
}

func abs(v float32) float32 { return max(v, -v) }

// principal returns the pixels' places on the axis of greatest spread, scaled to reach from -126 to
// 126, and the total spread: 256 times 16 times the sum of squared differences from the mean.
func (b *block) principal() (place [16]int32, spread int32) {
	irr, igg, ibb := b.moment(0, 0), b.moment(1, 1), b.moment(2, 2)
	rr, gg, bb := float32(irr), float32(igg), float32(ibb)
	rg, rb, gb := float32(b.moment(0, 1)), float32(b.moment(0, 2)), float32(b.moment(1, 2))
	v := [3]float32{rr, rg, rb}
	if gg > rr {
		v = [3]float32{rg, gg, gb}
	}
	if bb > max(rr, gg) {
		v = [3]float32{rb, gb, bb}
	}
	v = [3]float32{
		mul(rr, v[0]) + mul(rg, v[1]) + mul(rb, v[2]),
		mul(rg, v[0]) + mul(gg, v[1]) + mul(gb, v[2]),
		mul(rb, v[0]) + mul(gb, v[1]) + mul(bb, v[2]),
	}
	b.project(&place, toAxis(v))
	lo, hi := place[0], place[0]
	for _, t := range place {
		lo, hi = min(lo, t), max(hi, t)
	}
	// Two multipliers, so that both fit 16 bits with enough precision.
	size := hi - lo + 1
	first := int32(64000 / float32(max(size, 2)))
	second := int32(8257536 / float32(size*first))
	middle := (lo + hi) >> 1
	for i, t := range place {
		place[i] = mulhrs((t-middle)*first, second)
	}
	return place, irr>>2 + igg>>2 + ibb>>2
}

// line is the result of cutting the places into four runs: the straight line of places over weights
// that fits it best.
type line struct {
	slope, at float32 // at: slope times the sum of the weights
	gain      float32 // share of the spread that the line explains
}

// variance is 16·n2 - n1²: 0 if all weights are equal.
func (u *weights) variance() int32 { return u.n2<<4 - u.n1*u.n1 }

// lowerSquares is the sum of (3-w)².
func (u *weights) lowerSquares() int32 { return 144 - 6*u.n1 + u.n2 }

func (u *weights) cutAt(place *[16]int32, h [3]int32) {
	u.n1, u.n2 = 0, 0
	for i, t := range place {
		w := int32(0)
		for _, h := range h {
			if t > h {
				w++
			}
		}
		u.w[i] = w
		u.n1 += w
		u.n2 += w * w
	}
}

func (u *weights) cutStart(place *[16]int32, s int) {
	u.cutAt(place, [3]int32{int32(starts[s][0]), int32(starts[s][1]), int32(starts[s][2])})
}

func (u *weights) fitLine(place *[16]int32, total int32) line {
	dot := int32(0)
	for i, t := range place {
		dot += u.w[i] * t
	}
	num := float32(dot<<4 - u.n1*total)
	slope := num / float32(max(u.variance(), 1))
	return line{slope: slope, at: mul(slope, float32(u.n1)), gain: mul(num, slope)}
}

func (u *weights) cutBetween(place *[16]int32, total int32, l line) {
	zero := mul(float32(total)-l.at, 0.0625)
	cut := func(at float32) int32 {
		return int32(min(max(zero+mul(l.slope, at), -127), 127)+128) - 128
	}
	u.cutAt(place, [3]int32{cut(0.5), cut(1.5), cut(2.5)})
}

func (b *block) weighColors(u *weights) {
	for c := range 3 {
		u.x[c] = 0
		for i, w := range u.w {
			u.x[c] += w * b.x[c][i]
		}
	}
}

// search returns the best of the first n starts, refined once.
func (b *block) search(u *weights, place *[16]int32, n int) {
	total := sum(place)
	var best line
	for s := range n {
		u.cutStart(place, s)
		if l := u.fitLine(place, total); s == 0 || l.gain > best.gain {
			best = l
		}
	}
	u.cutBetween(place, total, best)
	b.weighColors(u)
}

// top is the largest value of a channel's ends.
func top(c int) int32 {
	if c == 1 {
		return 63
	}
	return 31
}

func (o *ends) set(i, c int, q int32) { o.q[i][c], o.e[i][c] = q, expand(q, c) }

// expand widens a channel of an end to a code value by repeating its upper bits.
func expand(q int32, c int) int32 {
	if c == 1 {
		return q<<2 | q>>4
	}
	return q<<3 | q>>2
}

// toBits narrows a value to a channel's bits; round is 0 for rounding down, 0.5 for the nearest.
func toBits(v float32, c int, round float32) int32 {
	scale := float32(31.0 / 255)
	if c == 1 {
		scale = 63.0 / 255
	}
	return int32(mul(min(max(v, 0), 255), scale) + round)
}

// fit finds the ends that suit the weights best. For the upper end of each channel it tries both
// neighbours in 5 or 6 bits, or only the nearer one, each with the lower end that suits it.
func (b *block) fit(o *ends, u *weights, neighbours bool) {
	spread := u.variance()
	inv := 1 / float32(max(spread, 1))
	n1, low := float32(u.n1), float32(u.lowerSquares())
	perLow := 1 / max(low, 1)
	ratio := mul(float32(3*u.n1-u.n2), perLow)
	stiff := mul(mul(float32(spread), 9), perLow)
	for c := range 3 {
		slope := mul(float32(u.x[c]<<4-b.s[c]*u.n1), inv)
		lower := mul(float32(b.s[c])-mul(slope, n1), 0.0625)
		upper := lower + mul(slope, 3)
		try := func(q0 int32) (q1 int32, cost float32) {
			d0 := float32(expand(q0, c)) - upper
			want := lower - mul(ratio, d0)
			q1 = toBits(want, c, 0.5)
			d1 := float32(expand(q1, c)) - want
			return q1, mul(stiff, mul(d0, d0)) + mul(low, mul(d1, d1))
		}
		if !neighbours {
			q0 := toBits(upper, c, 0.5)
			q1, _ := try(q0)
			o.set(0, c, q0)
			o.set(1, c, q1)
			continue
		}
		q0 := toBits(upper, c, 0)
		q1, cost := try(q0)
		next := min(q0+1, top(c))
		if q, other := try(next); other < cost {
			q0, q1 = next, q
		}
		o.set(0, c, q0)
		o.set(1, c, q1)
	}
}

// assign gives every pixel the nearest of the four colours.
func (b *block) assign(u *weights, o *ends) {
	var v [3]float32
	for c := range 3 {
		v[c] = float32(o.e[0][c] - o.e[1][c])
	}
	axis := toAxis(v)
	var zero, length float32
	for c := range 3 {
		a := mul(float32(axis[c]), 1.0/32768)
		zero += mul(float32(o.e[1][c]), a)
		length += mul(v[c], a)
	}
	zero = mul(zero, 32) + 32768 // never negative, so that the conversion rounds down
	cut := func(at float32) int32 { return int32(zero+mul(length, at)) - 32768 }
	var t [16]int32
	b.project(&t, axis)
	u.cutAt(&t, [3]int32{cut(16.0 / 3), cut(16), cut(80.0 / 3)})
}

// errorOf is 9 times the sum of squared differences, less a part that is the same for every choice
// of the same pixels.
func (b *block) errorOf(p *choice) (e int32) {
	u := &p.weights
	low, mixed := u.lowerSquares(), 6*u.n1-2*u.n2
	for c := range 3 {
		x6 := 6 * u.x[c]
		y6 := 18*b.s[c] - x6
		hi, lo := p.ends.e[0][c], p.ends.e[1][c]
		e += (hi*u.n2 + lo*mixed - x6) * hi
		e += (lo*low - y6) * lo
	}
	return e
}

// complete sets the weights and the error of ends.
func (b *block) complete(p *choice) {
	b.assign(&p.weights, &p.ends)
	b.weighColors(&p.weights)
	p.error = b.errorOf(p)
}

// nearlyFlat offers the pair of ends whose point at one third is the block's mean. A flat block
// must take it.
func (b *block) nearlyFlat(best *choice, flat bool) {
	var p choice
	for c := range 3 {
		pairs := &single5
		if c == 1 {
			pairs = &single6
		}
		for i, q := range pairs[(b.s[c]+8)>>4] {
			p.ends.set(i, c, int32(q))
		}
	}
	if flat {
		for i := range p.weights.w {
			p.weights.w[i] = 2
		}
		*best = p
		return
	}
	b.complete(&p)
	best.takeBetter(&p)
}

// write writes the block in four-colour mode, in which the first end is the larger number.
func (p *choice) write(dst []byte) {
	q := &p.ends.q
	c0 := uint16(q[0][0]<<11 | q[0][1]<<5 | q[0][2])
	c1 := uint16(q[1][0]<<11 | q[1][1]<<5 | q[1][2])
	index := uint32(0)
	for i, w := range p.weights.w {
		index |= [4]uint32{1, 3, 2, 0}[w] << (2 * i)
	}
	if c0 < c1 {
		c0, c1 = c1, c0
		index ^= 0x55555555
	}
	// Equal ends would mean three colours and a transparent one: move the end that no pixel uses.
	if c0 == c1 {
		index = 0
		if c0 == 0 {
			c0, index = 1, 0x55555555
		}
		c1 = c0 - 1
	}
	binary.LittleEndian.PutUint16(dst, c0)
	binary.LittleEndian.PutUint16(dst[2:], c1)
	binary.LittleEndian.PutUint32(dst[4:], index)
}

package dds

import "encoding/binary"

// encodeBlock encodes 16 RGBA pixels, row by row, into one block.
func encodeBlock(dst []byte, px *[64]byte, f Format, q Quality) {
	if f == BC3 {
		encodeAlpha(dst[:8], px)
	}
	encodeColor(dst[len(dst)-8:], px, q)
}

// endpoints is a pair of colours, in code values times no scale, that a block's pixels lie between.
type endpoints [2][3]float32

func encodeColor(dst []byte, px *[64]byte, _ Quality) {
	c0, c1, flat := flatPair(px)
	if flat {
		putColors(dst, c0, c1, 0xAAAAAAAA)
		return
	}
	e := principal(px)
	c0, c1 = pack565(e[0]), pack565(e[1])
	idx := nearest(px, c0, c1)
	if e, ok := leastSquares(px, idx); ok {
		d0, d1 := pack565(e[0]), pack565(e[1])
		again := nearest(px, d0, d1)
		if blockError(px, d0, d1, again) < blockError(px, c0, c1, idx) {
			c0, c1, idx = d0, d1, again
		}
	}
	putColors(dst, c0, c1, idx)
}

// putColors writes a colour block in the four-colour mode, which is the one where the first endpoint is the larger.
func putColors(dst []byte, c0, c1 uint16, idx uint32) {
	switch {
	case c0 < c1:
		c0, c1 = c1, c0
		idx ^= 0x55555555 // 0↔1, 2↔3
	case c0 == c1 && c0 > 0:
		c1, idx = c0-1, 0
	case c0 == c1:
		c0, idx = 1, 0x55555555
	}
	binary.LittleEndian.PutUint16(dst, c0)
	binary.LittleEndian.PutUint16(dst[2:], c1)
	binary.LittleEndian.PutUint32(dst[4:], idx)
}

// flatPair is the pair whose point at one third comes nearest to the colour of a block of one colour.
func flatPair(px *[64]byte) (c0, c1 uint16, flat bool) {
	for i := 4; i < 64; i += 4 {
		if px[i] != px[0] || px[i+1] != px[1] || px[i+2] != px[2] {
			return 0, 0, false
		}
	}
	r, g, b := single5[px[0]], single6[px[1]], single5[px[2]]
	pack := func(i int) uint16 { return uint16(r[i])<<11 | uint16(g[i])<<5 | uint16(b[i]) }
	return pack(0), pack(1), true
}

// principal is the ends of the pixels along the axis on which they spread most.
func principal(px *[64]byte) endpoints {
	var sum [3]int32
	var cov [3][3]int32
	for i := 0; i < 64; i += 4 {
		for c := range 3 {
			sum[c] += int32(px[i+c])
			for d := range 3 {
				cov[c][d] += int32(px[i+c]) * int32(px[i+d])
			}
		}
	}
	var m [3][3]float32
	trace := float32(0)
	for c := range 3 {
		for d := range 3 {
			m[c][d] = float32(16*cov[c][d] - sum[c]*sum[d])
		}
		trace += m[c][c]
	}
	start := 0
	for c := range 3 {
		if m[c][c] > m[start][start] {
			start = c
		}
	}
	axis := m[start]
	for range 4 {
		var next [3]float32
		for c := range 3 {
			next[c] = (float32(m[c][0]*axis[0]) + float32(m[c][1]*axis[1]) + float32(m[c][2]*axis[2])) / trace
		}
		axis = next
	}
	length := float32(axis[0]*axis[0]) + float32(axis[1]*axis[1]) + float32(axis[2]*axis[2])
	var e endpoints
	if length == 0 {
		return e
	}
	var mean [3]float32
	for c := range 3 {
		mean[c] = float32(sum[c]) / 16
	}
	var lo, hi float32
	for i := 0; i < 64; i += 4 {
		t := float32((float32(px[i])-mean[0])*axis[0]) + float32((float32(px[i+1])-mean[1])*axis[1]) + float32((float32(px[i+2])-mean[2])*axis[2])
		lo, hi = min(lo, t), max(hi, t)
	}
	for c := range 3 {
		e[0][c] = mean[c] + float32(axis[c]*hi/length)
		e[1][c] = mean[c] + float32(axis[c]*lo/length)
	}
	return e
}

// leastSquares is the pair of colours that suits given indices best.
func leastSquares(px *[64]byte, idx uint32) (endpoints, bool) {
	weight := [4]float32{3, 0, 2, 1}
	var aa, ab, bb float32
	var ax, bx [3]float32
	for i := range 16 {
		a := weight[idx>>(2*i)&3]
		b := 3 - a
		aa += float32(a * a)
		ab += float32(a * b)
		bb += float32(b * b)
		for c := range 3 {
			v := float32(px[i*4+c])
			ax[c] += float32(a * v)
			bx[c] += float32(b * v)
		}
	}
	det := float32(aa*bb) - float32(ab*ab)
	if det == 0 {
		return endpoints{}, false
	}
	var e endpoints
	for c := range 3 {
		e[0][c] = 3 * (float32(ax[c]*bb) - float32(bx[c]*ab)) / det
		e[1][c] = 3 * (float32(bx[c]*aa) - float32(ax[c]*ab)) / det
	}
	return e, true
}

func pack565(c [3]float32) uint16 {
	q := func(v, top float32) uint16 { return uint16(float32(min(max(v, 0), 255)*top/255) + 0.5) }
	return q(c[0], 31)<<11 | q(c[1], 63)<<5 | q(c[2], 31)
}

// nearest gives every pixel the nearest of the four colours.
func nearest(px *[64]byte, c0, c1 uint16) (idx uint32) {
	pal := palette(c0, c1, true)
	for i := range 16 {
		best, bestDist := 0, 1<<30
		for k, p := range pal {
			if d := distance(px[i*4:], p); d < bestDist {
				best, bestDist = k, d
			}
		}
		idx |= uint32(best) << (2 * i)
	}
	return idx
}

// blockError is the sum of squares over the colours of a block.
func blockError(px *[64]byte, c0, c1 uint16, idx uint32) (sum int) {
	pal := palette(c0, c1, true)
	for i := range 16 {
		sum += distance(px[i*4:], pal[idx>>(2*i)&3])
	}
	return sum
}

func distance(px []byte, p [4]byte) int {
	r, g, b := int(px[0])-int(p[0]), int(px[1])-int(p[1]), int(px[2])-int(p[2])
	return r*r + g*g + b*b
}

// encodeAlpha encodes the alpha of 16 pixels with eight steps between its least and its greatest value.
func encodeAlpha(dst []byte, px *[64]byte) {
	lo, hi := px[3], px[3]
	for i := 7; i < 64; i += 4 {
		lo, hi = min(lo, px[i]), max(hi, px[i])
	}
	var idx uint64
	if lo != hi {
		pal := alphaPalette(hi, lo)
		for i := range 16 {
			best, bestDist := 0, 256
			for k, p := range pal {
				d := int(p) - int(px[i*4+3])
				if d = max(d, -d); d < bestDist {
					best, bestDist = k, d
				}
			}
			idx |= uint64(best) << (3 * i)
		}
	}
	binary.LittleEndian.PutUint64(dst, idx<<16|uint64(lo)<<8|uint64(hi))
}

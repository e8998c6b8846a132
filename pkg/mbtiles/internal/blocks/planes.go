package blocks

import "unsafe"

// planes holds the symbols of the blocks of a segment, one stream for every kind.
type planes struct {
	n int // blocks
	// indices of 2×2 pixels, in the order of their path: north-west, north-east, south-east,
	// south-west
	quads [4][]uint8
	green [2][]uint8 // of both colours, minus the expected value: 6 bits
	// of both colours, minus the expected value and half of green: 5 bits of red above 5 of blue
	redBlue [2][]uint16
	// BC3 only: both alphas, minus those of the previous block; the bytes of their indices
	alpha [8][]uint8

	// The memory of the slices above, so that one pointer tells a C kernel where all are. Each is
	// longer than needed, because kernels work on whole words.
	memory []uint64
	stride int      // distance of planes in bytes; redBlue takes two each
	row    []uint64 // colours of eight rows of blocks
}

// Slack is the spare capacity in bytes that a packed segment should have: Unpack then need not copy
// it.
const Slack = 16

// resize makes room for the blocks of s.
func (p *planes) resize(s Shape) {
	const word, planes = 8, 4 + 2 + 2*2 + 8
	p.n = s.Blocks()
	p.stride = (p.n/64 + 1) * 64
	p.memory = room(p.memory, planes*p.stride/word)
	p.row = room(p.row, 8*s.Width+2)
	bytes := unsafe.Slice((*uint8)(unsafe.Pointer(&p.memory[0])), planes*p.stride)
	words := unsafe.Slice((*uint16)(unsafe.Pointer(&p.memory[0])), planes*p.stride/2)
	at := func(plane int) []uint8 { return bytes[plane*p.stride:][:p.stride] }
	for i := range p.quads {
		p.quads[i] = at(i)
	}
	for i := range p.green {
		p.green[i] = at(4 + i)
		p.redBlue[i] = words[(6+2*i)*p.stride/2:][:p.stride]
	}
	for i := range p.alpha {
		p.alpha[i] = at(10 + i)
	}
}

func room[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// colours returns the distance of blocks, and the part of raw that begins with the first block's
// colours.
func colours(s Shape, raw []byte) (stride int, _ []byte) {
	stride = s.blockBytes()
	return stride, raw[stride-8:]
}

func splitAlpha(p *planes, raw []byte) {
	var last [2]byte
	for i := range p.n {
		b := raw[16*i:][:8]
		p.alpha[0][i], p.alpha[1][i] = b[0]-last[0], b[1]-last[1]
		last = [2]byte(b)
		for k := 2; k < 8; k++ {
			p.alpha[k][i] = b[k]
		}
	}
}

func joinAlpha(p *planes, raw []byte) {
	var last [2]byte
	for i := range p.n {
		b := raw[16*i:][:8]
		b[0], b[1] = last[0]+p.alpha[0][i], last[1]+p.alpha[1][i]
		last = [2]byte(b)
		for k := 2; k < 8; k++ {
			b[k] = p.alpha[k][i]
		}
	}
}

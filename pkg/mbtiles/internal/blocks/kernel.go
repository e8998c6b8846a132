package blocks

import "encoding/binary"

// kernel is the per-block part of the work. All kernels give the same bits.
type kernel interface {
	// split makes the planes of raw, except alpha; join is its inverse, and overwrites the planes.
	split(p *planes, s Shape, raw []byte)
	join(p *planes, s Shape, raw []byte)
	// count adds to the counts of the symbols of each code.
	count(p *planes, counts *[codes]counts)
	// write fills the streams of all planes but alpha into packed, which has room for them and
	// Slack, and returns the end of each.
	write(p *planes, words *[codes]words, packed []byte) (ends [colourStreams]uint32)
	// read is the inverse of write; it may read Slack bytes beyond packed. It returns the first
	// stream that was not used up, including its zero padding, or colourStreams.
	read(p *planes, tables *[codes]table, longest *[codes]uint32, packed []byte,
		ends *[colourStreams]uint32) (bad int)
}

// goKernel is in Go.
type goKernel struct{}

func (goKernel) split(p *planes, s Shape, raw []byte) {
	stride, half := colours(s, raw)
	at := 0
	for w, h := range s.areas() {
		splitColours(p, half, stride, at, w, h)
		at += w * h
	}
	for i := range p.n {
		q := quadsOf(binary.LittleEndian.Uint32(half[i*stride+4:]))
		p.quads[0][i], p.quads[1][i], p.quads[3][i], p.quads[2][i] = uint8(q), uint8(q>>8), uint8(
			q>>16), uint8(q>>24)
	}
	splitQuads(&p.quads, p.n)
}

func (goKernel) join(p *planes, s Shape, raw []byte) {
	stride, half := colours(s, raw)
	at := 0
	for w, h := range s.areas() {
		joinColours(p, half, stride, at, w, h)
		at += w * h
	}
	joinQuads(&p.quads, p.n)
	for i := range p.n {
		q := uint32(p.quads[0][i]) | uint32(p.quads[1][i])<<8 | uint32(p.quads[3][i])<<16 | uint32(
			p.quads[2][i])<<24
		binary.LittleEndian.PutUint32(half[i*stride+4:], quadsOf(q))
	}
}

func (goKernel) count(p *planes, counts *[codes]counts) {
	for _, st := range p.colourStreams() {
		count(&counts[st.code], st.bytes)
		count(&counts[st.code], st.words)
	}
}

func (goKernel) write(p *planes, words *[codes]words, packed []byte) (ends [colourStreams]uint32) {
	dst := packed[:0]
	for i, st := range p.colourStreams() {
		dst = write(dst, st.bytes, &words[st.code])
		dst = write(dst, st.words, &words[st.code])
		ends[i] = uint32(len(dst))
	}
	return ends
}

func (goKernel) read(p *planes, tables *[codes]table, longest *[codes]uint32, packed []byte,
	ends *[colourStreams]uint32) int {
	var from [colourStreams]reading
	all, start := p.colourStreams(), uint32(0)
	for i, st := range all {
		from[i] = reading{stream: packed[start:ends[i]], table: &tables[st.code], code: st.code}
		start = ends[i]
	}
	for i := 0; i < colourStreams; i += 2 {
		var ok [2]bool
		if all[i].bytes != nil {
			ok = readTwo([2][]uint8{all[i].bytes, all[i+1].bytes}, from[i], from[i+1])
		} else {
			ok = readTwo([2][]uint16{all[i].words, all[i+1].words}, from[i], from[i+1])
		}
		for k := range ok {
			if !ok[k] {
				return i + k
			}
		}
	}
	return colourStreams
}

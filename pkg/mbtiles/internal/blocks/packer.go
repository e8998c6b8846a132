package blocks

import (
	"encoding/binary"
	"slices"
)

// The codes, by purpose. Streams of a kind share one.
const (
	codeFirst   = iota // of the north-west quads
	codeQuad           // of the other three
	codeGreen          // of both colours
	codeRedBlue        // of both colours
	codeAlpha          // of both alphas
	codeBits           // of the bytes of alpha's indices
	codes
)

// kinds has the number of symbols of each code, and the maximum length of its words: as short as
// possible at next to no cost, so that the tables for reading stay in the processor's first-level
// cache.
var kinds = [codes]struct{ symbols, limit int }{
	codeFirst: {256, 11}, codeQuad: {256, 12}, codeGreen: {64, 10}, codeRedBlue: {1024,
		12}, codeAlpha: {256, 11}, codeBits: {256, 12},
}

// newCodes returns a code of each kind.
func newCodes() (all [codes]code) {
	for i, k := range kinds {
		all[i] = newCode(k.symbols, k.limit)
	}
	return all
}

// codesOf returns how many of the codes a segment has.
func codesOf(s Shape) int {
	if s.BC3 {
		return codes
	}
	return codeAlpha
}

// stream is a plane: of bytes or of 16-bit words.
type stream struct {
	code  int
	bytes []uint8
	words []uint16
}

const (
	colourStreams = 8
	alphaStreams  = 8
)

// colourStreams returns the planes of colours and their indices in the order of the format.
func (p *planes) colourStreams() [colourStreams]stream {
	return [...]stream{
		{code: codeFirst, bytes: p.quads[0][:p.n]},
		{code: codeQuad, bytes: p.quads[1][:p.n]}, {code: codeQuad, bytes: p.quads[2][:p.n]},
		{code: codeQuad, bytes: p.quads[3][:p.n]},
		{code: codeGreen, bytes: p.green[0][:p.n]}, {code: codeGreen, bytes: p.green[1][:p.n]},
		{code: codeRedBlue, words: p.redBlue[0][:p.n]},
		{code: codeRedBlue, words: p.redBlue[1][:p.n]},
	}
}

// alphaStreams returns the planes of alpha, which come after.
func (p *planes) alphaStreams() (all [alphaStreams]stream) {
	for i, plane := range p.alpha {
		all[i] = stream{code: codeBits, bytes: plane[:p.n]}
	}
	all[0].code, all[1].code = codeAlpha, codeAlpha
	return all
}

// Packer packs segments. It must be used by one goroutine at a time.
type Packer struct {
	kernel  kernel
	planes  planes
	codes   [codes]code
	counts  [codes]counts
	words   [codes]words
	fitting fitting
	always  bool // for tests: even if it makes them longer
}

// NewPacker returns a Packer, which takes half a megabyte of memory.
func NewPacker() *Packer { return &Packer{kernel: newKernel(), codes: newCodes()} }

// Append appends raw, which has the shape's length, packed to dst. If that would not be shorter
// than raw, it returns dst unchanged, and false.
func (p *Packer) Append(dst []byte, s Shape, raw []byte) ([]byte, bool) {
	p.planes.resize(s)
	clear(p.counts[:])
	p.kernel.split(&p.planes, s, raw)
	p.kernel.count(&p.planes, &p.counts)
	var alpha []stream
	if s.BC3 {
		splitAlpha(&p.planes, raw)
		all := p.planes.alphaStreams()
		alpha = all[:]
		for _, st := range alpha {
			count(&p.counts[st.code], st.bytes)
		}
	}

	start, bits := len(dst), 0
	header := nibbles{b: dst}
	for i := range p.codes[:codesOf(s)] {
		c := &p.codes[i]
		c.fit(&p.counts[i], &p.fitting)
		c.number(&p.words[i])
		header.lengths(c.lengths)
		for symbol := range c.lengths {
			bits += int(p.counts[i][symbol]) * int(p.words[i][symbol]&15)
		}
	}
	dst = header.b
	streams := colourStreams + len(alpha)
	most := sizeBytes*streams + bits/8 + streams
	if len(dst)-start+most >= len(raw) && !p.always {
		return dst[:start], false
	}
	dst = slices.Grow(dst, most+Slack)
	room := dst[len(dst) : len(dst)+most]
	sizes, packed := room[:sizeBytes*streams], room[sizeBytes*streams:]
	ends := p.kernel.write(&p.planes, &p.words, packed)
	last := uint32(0)
	for i, end := range ends {
		binary.LittleEndian.PutUint32(sizes[sizeBytes*i:], end-last)
		last = end
	}
	packed = packed[:last]
	for i, st := range alpha {
		before := len(packed)
		packed = write(packed, st.bytes, &p.words[st.code])
		binary.LittleEndian.PutUint32(sizes[sizeBytes*(colourStreams+i):],
			uint32(len(packed)-before))
	}
	return dst[:len(dst)+len(sizes)+len(packed)], true
}

// sizeBytes is the size of a stream's length.
const sizeBytes = 4

// Unpacker unpacks segments. It must be used by one goroutine at a time.
type Unpacker struct {
	kernel  kernel
	planes  planes
	codes   [codes]code
	tables  [codes]table
	longest [codes]uint32
	copied  []byte
}

// NewUnpacker returns an Unpacker, which takes half a megabyte of memory.
func NewUnpacker() *Unpacker { return &Unpacker{kernel: newKernel(), codes: newCodes()} }

// Unpack fills raw, which has the shape's length, from the output of Append. Other input is
// ErrDamaged; raw is then undefined.
func (u *Unpacker) Unpack(raw []byte, s Shape, packed []byte) error {
	if cap(packed)-len(packed) < Slack {
		u.copied = append(append(u.copied[:0], packed...), make([]byte, Slack)...)
		packed = u.copied[:len(packed)]
	}
	u.planes.resize(s)
	header := nibbleReader{b: packed}
	for i := range u.codes[:codesOf(s)] {
		ok := header.lengths(u.codes[i].lengths)
		longest := 0
		if ok {
			longest, ok = u.codes[i].index(&u.tables[i])
		}
		if !ok {
			return damaged("code %d", i)
		}
		u.longest[i] = uint32(longest)
	}
	var alpha []stream
	if s.BC3 {
		all := u.planes.alphaStreams()
		alpha = all[:]
	}
	if !header.padded() {
		return damaged("its header is incomplete")
	}
	sizes := packed[(header.at+1)/2:]
	streams := colourStreams + len(alpha)
	if len(sizes) < sizeBytes*streams {
		return damaged("it ends within its header")
	}
	rest := sizes[sizeBytes*streams:]
	var ends [colourStreams + alphaStreams]uint32
	end := uint64(0)
	for i := range ends[:streams] {
		end += uint64(binary.LittleEndian.Uint32(sizes[sizeBytes*i:]))
		if end > uint64(len(rest)) {
			return damaged("stream %d ends at %d of %d bytes", i, end, len(rest))
		}
		ends[i] = uint32(end)
	}
	if end != uint64(len(rest)) {
		return damaged("%d bytes, but the streams take %d", len(rest), end)
	}
	if bad := u.kernel.read(&u.planes, &u.tables, &u.longest, rest,
		(*[colourStreams]uint32)(ends[:])); bad < colourStreams {
		return damaged("stream %d", bad)
	}
	for i, st := range alpha {
		from := rest[ends[colourStreams+i-1]:ends[colourStreams+i]]
		if !read(st.bytes, reading{stream: from, table: &u.tables[st.code], code: st.code}) {
			return damaged("stream %d", colourStreams+i)
		}
	}
	u.kernel.join(&u.planes, s, raw)
	if s.BC3 {
		joinAlpha(&u.planes, raw)
	}
	return nil
}

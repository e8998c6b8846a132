package fetchtest

import (
	"encoding/binary"
	"errors"
)

// picture is a baseline JPEG parsed to its quantised coefficients, so that it can be written in
// forms that image/jpeg does not write. The decoded pixels stay the same.
type picture struct {
	width, height int
	tables        []byte // the DQT and DHT segments, unchanged
	huffman       [2][4]huffman
	components    []component
}

type component struct {
	id, h, v, quant, dc, ac byte
	across                  int         // blocks in a row
	blocks                  [][64]int16 // in zigzag order, row by row
}

// huffman is one table: codes by symbol, and symbols by code and length.
type huffman struct {
	code   [256]uint16
	length [256]uint8
	symbol map[uint32]byte // length<<16 | code
}

var errJPEG = errors.New("fetchtest: not a JPEG as image/jpeg writes it")

// parse parses a baseline JPEG of one scan whose sides are multiples of its MCU's.
func parse(b []byte) (*picture, error) {
	p := &picture{}
	for at := 2; at+4 <= len(b); {
		marker, length := b[at+1], int(binary.BigEndian.Uint16(b[at+2:]))
		if at+2+length > len(b) {
			return nil, errJPEG
		}
		segment, whole := b[at+4:at+2+length], b[at:at+2+length]
		at += 2 + length
		switch marker {
		case 0xDB:
			p.tables = append(p.tables, whole...)
		case 0xC4:
			p.tables = append(p.tables, whole...)
			p.readHuffman(segment)
		case 0xC0:
			p.readFrame(segment)
		case 0xDA:
			for i := range segment[0] {
				p.components[i].dc, p.components[i].ac = segment[2+2*i]>>4, segment[2+2*i]&15
			}
			return p, p.readScan(b[at:])
		}
	}
	return nil, errJPEG
}

func (p *picture) readHuffman(s []byte) {
	for len(s) > 17 {
		t := huffman{symbol: map[uint32]byte{}}
		code, at := uint16(0), 17
		for length := uint8(1); length <= 16; length++ {
			for range s[length] {
				v := s[at]
				t.code[v], t.length[v], t.symbol[uint32(length)<<16|uint32(code)] = code, length, v
				code++
				at++
			}
			code <<= 1
		}
		p.huffman[s[0]>>4&1][s[0]&3] = t
		s = s[at:]
	}
}

func (p *picture) readFrame(s []byte) {
	p.height, p.width = int(binary.BigEndian.Uint16(s[1:])), int(binary.BigEndian.Uint16(s[3:]))
	for c := s[6:]; len(c) >= 3; c = c[3:] {
		p.components = append(p.components,
			component{id: c[0], h: c[1] >> 4, v: c[1] & 15, quant: c[2]})
	}
	if len(p.components) == 1 { // one component is coded block by block, whatever its sampling
		p.components[0].h, p.components[0].v = 1, 1
	}
	for i := range p.components {
		c := &p.components[i]
		c.across = p.width / 8 * int(c.h) / int(p.components[0].h)
		c.blocks = make([][64]int16, c.across*p.height/8*int(c.v)/int(p.components[0].v))
	}
}

// eachInterleaved calls f for every block in the order of a scan of all components.
func (p *picture) eachInterleaved(f func(c *component, block *[64]int16) error) error {
	first := p.components[0]
	for my := range p.height / 8 / int(first.v) {
		for mx := range p.width / 8 / int(first.h) {
			for i := range p.components {
				c := &p.components[i]
				for v := range int(c.v) {
					for h := range int(c.h) {
						if err := f(c, &c.blocks[(my*int(c.v)+v)*c.across+mx*int(
							c.h)+h]); err != nil {
							return err
						}
					}
				}
			}
		}
	}
	return nil
}

func (p *picture) readScan(b []byte) error {
	r := &bitReader{b: b}
	last := map[byte]int16{}
	return p.eachInterleaved(func(c *component, block *[64]int16) error {
		dc, ac := &p.huffman[0][c.dc], &p.huffman[1][c.ac]
		last[c.id] += r.value(r.symbol(dc))
		block[0] = last[c.id]
		for k := 1; k < 64; k++ {
			rs := r.symbol(ac)
			if rs == 0 {
				break
			}
			k += int(rs >> 4)
			if k > 63 {
				return errJPEG
			}
			block[k] = r.value(rs & 15)
		}
		return r.err
	})
}

type bitReader struct {
	b    []byte
	at   int
	bits uint // of b[at] already read
	err  error
}

func (r *bitReader) bit() uint32 {
	if r.at >= len(r.b) || r.err != nil {
		r.err = errJPEG
		return 0
	}
	bit := uint32(r.b[r.at]>>(7-r.bits)) & 1
	if r.bits++; r.bits == 8 {
		r.bits = 0
		if r.b[r.at] == 0xFF {
			r.at++ // the stuffed zero
		}
		r.at++
	}
	return bit
}

func (r *bitReader) symbol(t *huffman) byte {
	code := uint32(0)
	for length := uint32(1); length <= 16; length++ {
		code = code<<1 | r.bit()
		if s, ok := t.symbol[length<<16|code]; ok {
			return s
		}
	}
	r.err = errJPEG
	return 0
}

func (r *bitReader) value(size byte) int16 {
	v := int32(0)
	for range size {
		v = v<<1 | int32(r.bit())
	}
	if size > 0 && v < 1<<(size-1) {
		v += -1<<size + 1
	}
	return int16(v)
}

// writer writes a picture again.
type writer struct {
	out  []byte
	acc  uint64
	bits uint
	last map[byte]int16
}

func (w *writer) put(value uint32, length uint8) {
	w.acc, w.bits = w.acc<<length|uint64(value), w.bits+uint(length)
	for w.bits >= 8 {
		w.bits -= 8
		c := byte(w.acc >> w.bits)
		if w.out = append(w.out, c); c == 0xFF {
			w.out = append(w.out, 0)
		}
	}
}

func (w *writer) putValue(t *huffman, run byte, v int16) {
	magnitude, size := max(v, -v), byte(0)
	for ; magnitude > 0; magnitude >>= 1 {
		size++
	}
	s := run<<4 | size
	w.put(uint32(t.code[s]), t.length[s])
	if v < 0 {
		v += 1<<size - 1
	}
	w.put(uint32(v), size)
}

func (w *writer) putDC(t *huffman, c *component, block *[64]int16) {
	w.putValue(t, 0, block[0]-w.last[c.id])
	w.last[c.id] = block[0]
}

func (w *writer) putAC(t *huffman, block *[64]int16) {
	run := byte(0)
	for _, v := range block[1:] {
		if v == 0 {
			run++
			continue
		}
		for ; run > 15; run -= 16 {
			w.put(uint32(t.code[0xF0]), t.length[0xF0])
		}
		w.putValue(t, run, v)
		run = 0
	}
	if run > 0 {
		w.put(uint32(t.code[0]), t.length[0])
	}
}

// startScan writes the header of a scan of components, coefficients from to.
func (w *writer) startScan(components []component, from, to byte) {
	w.out = append(w.out, 0xFF, 0xDA, 0, byte(6+2*len(components)), byte(len(components)))
	for _, c := range components {
		w.out = append(w.out, c.id, c.dc<<4|c.ac)
	}
	w.out = append(w.out, from, to, 0)
	w.last = map[byte]int16{}
}

func (w *writer) endScan() {
	if w.bits > 0 {
		w.put(1<<(8-w.bits)-1, uint8(8-w.bits))
	}
}

func (p *picture) start(sof byte) *writer {
	w := &writer{out: []byte{0xFF, 0xD8}}
	if len(p.components) == 4 {
		w.out = append(w.out, "\xFF\xEE\x00\x0EAdobe\x00\x64\x00\x00\x00\x00\x02"...)
	}
	w.out = append(w.out, p.tables...)
	w.out = append(w.out, 0xFF, sof, 0, byte(8+3*len(p.components)), 8)
	w.out = binary.BigEndian.AppendUint16(w.out, uint16(p.height))
	w.out = binary.BigEndian.AppendUint16(w.out, uint16(p.width))
	w.out = append(w.out, byte(len(p.components)))
	for _, c := range p.components {
		w.out = append(w.out, c.id, c.h<<4|c.v, c.quant)
	}
	return w
}

// progressive writes p with spectral selection: a scan of all DC coefficients, then one scan a
// component of the others.
func (p *picture) progressive() []byte {
	w := p.start(0xC2)
	w.startScan(p.components, 0, 0)
	_ = p.eachInterleaved(func(c *component, block *[64]int16) error {
		w.putDC(&p.huffman[0][c.dc], c, block)
		return nil
	})
	w.endScan()
	for i := range p.components {
		c := &p.components[i]
		w.startScan(p.components[i:i+1], 1, 63)
		for b := range c.blocks {
			w.putAC(&p.huffman[1][c.ac], &c.blocks[b])
		}
		w.endScan()
	}
	return append(w.out, 0xFF, 0xD9)
}

// cmyk writes p with its first component repeated as a fourth.
func (p *picture) cmyk() []byte {
	four := *p
	black := p.components[0]
	black.id = 4
	four.components = append(append([]component{}, p.components...), black)
	w := four.start(0xC0)
	w.startScan(four.components, 0, 63)
	_ = four.eachInterleaved(func(c *component, block *[64]int16) error {
		w.putDC(&p.huffman[0][c.dc], c, block)
		w.putAC(&p.huffman[1][c.ac], block)
		return nil
	})
	w.endScan()
	return append(w.out, 0xFF, 0xD9)
}

// progressiveOf writes a baseline JPEG, as image/jpeg makes it, as a progressive one of the same
// pixels.
func progressiveOf(
	baseline []byte) ([]byte, error) {
	return rewrite(baseline, (*picture).progressive)
}

// cmykOf writes a baseline colour JPEG with four components.
func cmykOf(baseline []byte) ([]byte, error) { return rewrite(baseline, (*picture).cmyk) }

func rewrite(baseline []byte, write func(*picture) []byte) ([]byte, error) {
	p, err := parse(baseline)
	if err != nil {
		return nil, err
	}
	return write(p), nil
}

package blocks

import (
	"encoding/binary"
	"errors"
)

// A decoder written from docs/archive-format.md, a symbol and a pixel at a time. It shares nothing
// with the package but the shape.

type reference struct {
	data []byte
	at   int // in half bytes
	bad  bool
}

func (r *reference) nibble() int {
	if r.at/2 >= len(r.data) {
		r.bad = true
		return 0
	}
	r.at++
	return int(r.data[(r.at-1)/2]>>(4*((r.at-1)%2))) & 15
}

func (r *reference) lengths(symbols int) []int {
	var found []int
	for len(found) < symbols && !r.bad {
		switch v := r.nibble(); v {
		case 13:
			found = append(found, make([]int, r.nibble()+2)...)
		case 14:
			n := r.nibble()
			found = append(found, make([]int, n+16*r.nibble()+18)...)
		default:
			r.bad = r.bad || v == 15
			found = append(found, v)
		}
	}
	r.bad = r.bad || len(found) != symbols
	return found
}

type wordOf struct{ length, word int }

// symbolsOf reads a stream.
func symbolsOf(stream []byte, lengths []int, longest, n int) ([]int, error) {
	words := make(map[wordOf]int)
	used, sum, last := 0, 0, 0
	word := 0
	for length := 1; length <= 12; length++ {
		for s, l := range lengths {
			if l == length {
				words[wordOf{length, word}] = s
				word++
				used++
				sum += 1 << (12 - length)
				last = s
				if length > longest {
					return nil, errors.New("a word is too long")
				}
			}
		}
		word *= 2
	}
	found := make([]int, 0, n)
	if used == 1 && lengths[last] == 1 {
		for range n {
			found = append(found, last)
		}
		if len(stream) > 0 {
			return nil, errors.New("bytes for nothing")
		}
		return found, nil
	}
	if sum != 1<<12 {
		return nil, errors.New("not a full code")
	}
	at := 0
	for len(found) < n {
		w := wordOf{}
		for {
			if at == 8*len(stream) {
				return nil, errors.New("too few bits")
			}
			w = wordOf{w.length + 1, w.word*2 + int(stream[at/8]>>(at%8))&1}
			at++
			if s, ok := words[w]; ok {
				found = append(found, s)
				break
			}
		}
	}
	if (at+7)/8 != len(stream) || at%8 > 0 && stream[at/8]>>(at%8) != 0 {
		return nil, errors.New("too many bits")
	}
	return found, nil
}

// path lays the quads of a block out: pixel[y][x].
func path(symbols [4]int) (pixel [4][4]int) {
	rank := [4]int{0, 3, 1, 2}
	// Where a quad lies, the pixels it is touched at by the one before, and the places of t0 to t3,
	// all as (x, y).
	type spot struct{ x, y int }
	quads := [4]struct {
		a, b spot
		t    [4]spot
	}{
		{t: [4]spot{{0, 0}, {1, 0}, {0, 1}, {1, 1}}},
		{spot{1, 0}, spot{1, 1}, [4]spot{{2, 0}, {2, 1}, {3, 0}, {3, 1}}},
		{spot{2, 1}, spot{3, 1}, [4]spot{{2, 2}, {3, 2}, {2, 3}, {3, 3}}},
		{spot{2, 2}, spot{2, 3}, [4]spot{{1, 2}, {1, 3}, {0, 2}, {0, 3}}},
	}
	for i, q := range quads {
		t := [4]int{symbols[i] & 3, symbols[i] >> 2 & 3, symbols[i] >> 4 & 3, symbols[i] >> 6}
		if i > 0 {
			a, b := rank[pixel[q.a.y][q.a.x]], rank[pixel[q.b.y][q.b.x]]
			flip := 0
			if a+b > 3 || a+b == 3 && a > b {
				flip, a, b = 1, 3-a, 3-b
			}
			if a < b {
				t = [4]int{t[1], t[0], t[3], t[2]}
			}
			for k := range t {
				t[k] ^= flip
			}
		}
		for k, s := range q.t {
			pixel[s.y][s.x] = t[k]
		}
	}
	return pixel
}

// unpackReference is Unpack by the document.
func unpackReference(s Shape, data []byte) ([]byte, error) {
	r := &reference{data: data}
	kinds := []struct{ symbols, longest int }{{256, 11}, {256, 12}, {64, 10}, {1024, 12}, {256, 11},
		{256, 12}}
	streams := []int{0, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5}
	if !s.BC3 {
		kinds, streams = kinds[:4], streams[:8]
	}
	var lengths [][]int
	for _, k := range kinds {
		lengths = append(lengths, r.lengths(k.symbols))
	}
	if r.at%2 == 1 && r.nibble() != 0 || r.bad || r.at/2+4*len(streams) > len(data) {
		return nil, errors.New("header")
	}
	sizes, rest := data[r.at/2:], data[r.at/2+4*len(streams):]
	var symbols [][]int
	for i, k := range streams {
		size := int(binary.LittleEndian.Uint32(sizes[4*i:]))
		if size > len(rest) {
			return nil, errors.New("sizes")
		}
		found, err := symbolsOf(rest[:size], lengths[k], kinds[k].longest, s.Blocks())
		if err != nil {
			return nil, err
		}
		symbols, rest = append(symbols, found), rest[size:]
	}
	if len(rest) > 0 {
		return nil, errors.New("something after the streams")
	}

	var out []byte
	i := 0
	var alpha [2]byte
	for w, h := range s.areas() {
		colours := make([][6]int, w*h)
		for y := range h {
			for x := range w {
				at := y*w + x
				if s.BC3 {
					alpha[0], alpha[1] = alpha[0]+byte(symbols[8][i]), alpha[1]+byte(symbols[9][i])
					out = append(out, alpha[0], alpha[1])
					for k := 10; k < 16; k++ {
						out = append(out, byte(symbols[k][i]))
					}
				}
				for k := range 2 {
					var want [3]int
					for c := range want {
						switch {
						case x > 0 && y > 0:
							want[c] = (colours[at-1][3*k+c] + colours[at-w][3*k+c]) / 2
						case x > 0:
							want[c] = colours[at-1][3*k+c]
						case y > 0:
							want[c] = colours[at-w][3*k+c]
						}
					}
					g, c := symbols[4+k][i], symbols[6+k][i]
					red, green, blue := (want[0]+g/2+c/32)%32, (want[1]+g)%64, (want[2]+g/2+c%32)%32
					colours[at][3*k], colours[at][3*k+1], colours[at][3*k+2] = red, green, blue
					out = binary.LittleEndian.AppendUint16(out, uint16(red<<11|green<<5|blue))
				}
				for _, row := range path(
					[4]int{symbols[0][i], symbols[1][i], symbols[2][i], symbols[3][i]}) {
					out = append(out, byte(row[0]|row[1]<<2|row[2]<<4|row[3]<<6))
				}
				i++
			}
		}
	}
	return out, nil
}

package blocks

// The lengths of a code are written as nibbles, the lower half of a byte first: 0 to 12 are a
// length, the others are run lengths of zeros.
const (
	shortRun = 13 // n follows: n+2 zeros
	longRun  = 14 // n follows in two nibbles, the lower first: n+18 zeros
)

// nibbles writes half bytes.
type nibbles struct {
	b    []byte
	half bool // the last byte has a free half
}

func (n *nibbles) put(v int) {
	if n.half {
		n.b[len(n.b)-1] |= byte(v << 4)
	} else {
		n.b = append(n.b, byte(v))
	}
	n.half = !n.half
}

// lengths writes the lengths of a code.
func (n *nibbles) lengths(lengths []uint8) {
	for i := 0; i < len(lengths); {
		if lengths[i] != 0 {
			n.put(int(lengths[i]))
			i++
			continue
		}
		run := 1
		for i+run < len(lengths) && lengths[i+run] == 0 && run < 273 {
			run++
		}
		i += run
		switch {
		case run == 1:
			n.put(0)
		case run < 18:
			n.put(shortRun)
			n.put(run - 2)
		default:
			n.put(longRun)
			n.put((run - 18) & 15)
			n.put((run - 18) >> 4)
		}
	}
}

// nibbleReader reads half bytes. At the end it sets bad.
type nibbleReader struct {
	b   []byte
	at  int // in nibbles
	bad bool
}

func (n *nibbleReader) next() int {
	if n.at/2 >= len(n.b) {
		n.bad = true
		return 0
	}
	v := int(n.b[n.at/2]>>(4*(n.at&1))) & 15
	n.at++
	return v
}

// lengths reads the lengths of a code. It reports whether their number was exact.
func (n *nibbleReader) lengths(lengths []uint8) bool {
	for i := 0; i < len(lengths); {
		v, run := n.next(), 1
		switch v {
		case shortRun:
			run, v = n.next()+2, 0
		case longRun:
			run = n.next() | n.next()<<4
			run, v = run+18, 0
		}
		if n.bad || v > maxLength || i+run > len(lengths) {
			return false
		}
		for range run {
			lengths[i] = uint8(v)
			i++
		}
	}
	return true
}

// padded reports whether the padding after the last half byte, if any, is 0.
func (n *nibbleReader) padded() bool { return n.at%2 == 0 || n.next() == 0 }

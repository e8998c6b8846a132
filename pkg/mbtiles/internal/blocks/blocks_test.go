package blocks

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// ground makes blocks like imagery: colours change little from block to block, indices resemble
// each other, alpha is mostly opaque.
func ground(s Shape, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	var raw []byte
	r, g, b := 15, 30, 12
	step := func(v, most int) int { return min(max(v+rng.IntN(5)-2, 0), most) }
	for range s.Blocks() {
		if s.BC3 {
			alpha := [8]byte{255, 255}
			if rng.IntN(5) == 0 {
				binary.LittleEndian.PutUint64(alpha[:], rng.Uint64())
			}
			raw = append(raw, alpha[:]...)
		}
		r, g, b = step(r, 31), step(g, 63), step(b, 31)
		raw = binary.LittleEndian.AppendUint16(raw, uint16(r<<11|g<<5|b))
		raw = binary.LittleEndian.AppendUint16(raw,
			uint16(step(r, 31)<<11|step(g, 63)<<5|step(b, 31)))
		for range 4 {
			raw = append(raw, [...]byte{0x00, 0xa0, 0xfa, 0x55, 0xf5,
				byte(rng.Uint32())}[rng.IntN(6)])
		}
	}
	return raw
}

// shapes are those of segments, and small ones that end within a vector.
func shapes() map[string]Shape {
	return map[string]Shape{
		"piece of level 0": {Width: 1024, Height: 32},
		"piece of level 2": {Width: 256, Height: 128},
		"tail":             {Width: 128, Height: 128, Mips: true},
		"tail of 256 px":   {Width: 64, Height: 64, Mips: true},
		"BC3 piece":        {BC3: true, Width: 1024, Height: 16},
		"BC3 tail":         {BC3: true, Width: 128, Height: 128, Mips: true},
		"a block":          {Width: 1, Height: 1}, "a row": {Width: 13, Height: 1},
		"a column": {Width: 1, Height: 6}, "odd": {Width: 7, Height: 5},
		"BC3, odd": {BC3: true, Width: 9, Height: 3},
	}
}

func TestShapeBytes(t *testing.T) {
	for name, want := range map[string]int{"piece of level 0": 262144, "piece of level 2": 262144,
		"tail": 174776, "tail of 256 px": 43704, "BC3 piece": 262144, "BC3 tail": 349552} {
		if got := shapes()[name].Bytes(); got != want {
			t.Errorf("%s: %d bytes, want %d", name, got, want)
		}
	}
}

// Every kernel packs alike, and unpacks what any packed; so does the decoder that was written from
// the document.
func TestRoundTrip(t *testing.T) {
	for name, s := range shapes() {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(3) {
				raw := ground(s, seed)
				var first []byte
				for name, k := range kernels() {
					p := NewPacker()
					p.kernel = k
					packed := p.whatever(s, raw)
					if first == nil {
						first = packed
					}
					if !bytes.Equal(packed, first) {
						t.Fatalf("%s packs otherwise", name)
					}
				}
				for name, k := range kernels() {
					u := NewUnpacker()
					u.kernel = k
					got := bytes.Repeat([]byte{0xaa}, len(raw))
					if err := u.Unpack(got, s, first); err != nil || !bytes.Equal(got, raw) {
						t.Fatalf("%s: %v, equal %v", name, err, bytes.Equal(got, raw))
					}
				}
				if got, err := unpackReference(s, first); err != nil || !bytes.Equal(got, raw) {
					t.Fatalf("the document's decoder: %v, equal %v", err, bytes.Equal(got, raw))
				}
			}
		})
	}
}

// whatever is Append even where that makes it longer: of a few blocks the header is most.
func (p *Packer) whatever(s Shape, raw []byte) []byte {
	p.always = true
	packed, _ := p.Append([]byte("before"), s, raw)
	return bytes.Clone(packed[len("before"):])
}

// The format stays as it is: archives are kept for years.
func TestGolden(t *testing.T) {
	for name, want := range map[string]string{
		"piece of level 0": "a35852b486f033e1",
		"tail":             "6c21ca7f3de9228f",
		"BC3 tail":         "027c9b65eecda868",
	} {
		s := shapes()[name]
		if got := fmt.Sprintf("%x",
			sha256.Sum256(NewPacker().whatever(s, ground(s, 1)))); got[:16] != want {
			t.Errorf("%s: %s, want %s", name, got[:16], want)
		}
	}
}

// What would not be shorter is left to the caller.
func TestAppendRefuses(t *testing.T) {
	s := shapes()["tail"]
	noise := make([]byte, s.Bytes())
	rand.NewChaCha8([32]byte{}).Read(noise)
	dst := []byte("before")
	if got, ok := NewPacker().Append(dst, s, noise); ok || string(got) != "before" {
		t.Errorf("noise became %d bytes", len(got))
	}
}

// Whatever is changed about packed blocks, the kernels and the document's decoder agree on what it
// then is, and nobody panics.
func TestUnpackDamaged(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	rounds := 400
	if testing.Short() {
		rounds = 60
	}
	for _, name := range []string{"a row", "odd", "BC3, odd", "tail of 256 px"} {
		t.Run(name, func(t *testing.T) {
			s := shapes()[name]
			good := NewPacker().whatever(s, ground(s, 5))
			refused := 0
			for range rounds {
				packed := bytes.Clone(good)
				switch rng.IntN(4) {
				case 0:
					packed = packed[:rng.IntN(len(packed)+1)]
				case 1:
					packed = append(packed, byte(rng.Uint32()))
				default:
					at := rng.IntN(len(packed))
					if rng.IntN(2) == 0 {
						at = rng.IntN(min(len(packed), 400)) // the header
					}
					packed[at] ^= 1 << rng.IntN(8)
				}
				if !agree(t, s, packed) {
					refused++
				}
			}
			if refused < rounds/2 {
				t.Errorf("only %d of %d were refused", refused, rounds)
			}
		})
	}
}

// agree checks that all who can unpack say the same, and reports whether they accept.
func agree(t *testing.T, s Shape, packed []byte) bool {
	t.Helper()
	want, err := unpackReference(s, packed)
	for name, k := range kernels() {
		u := NewUnpacker()
		u.kernel = k
		memory := bytes.Repeat([]byte{0xaa}, s.Bytes()+64)
		got := memory[:s.Bytes():s.Bytes()]
		errGot := u.Unpack(got, s, packed)
		if (err == nil) != (errGot == nil) || errGot != nil && !errors.Is(errGot, ErrDamaged) {
			t.Fatalf("%s: %v, the document's decoder: %v", name, errGot, err)
		}
		if err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%s differs from the document's decoder", name)
		}
		if !bytes.Equal(memory[s.Bytes():], bytes.Repeat([]byte{0xaa}, 64)) {
			t.Fatalf("%s wrote beyond the end", name)
		}
	}
	return err == nil
}

// FuzzUnpack feeds anything to every kernel and to the document's decoder.
func FuzzUnpack(f *testing.F) {
	small := []Shape{shapes()["a row"], shapes()["odd"], shapes()["BC3, odd"],
		{Width: 8, Height: 8, Mips: true}}
	for i, s := range small {
		f.Add(uint8(i), NewPacker().whatever(s, ground(s, uint64(i))))
		f.Add(uint8(i), make([]byte, 1000))
	}
	f.Fuzz(func(t *testing.T, shape uint8, packed []byte) {
		agree(t, small[int(shape)%len(small)], packed)
	})
}

// FuzzRoundTrip packs any blocks and gets them back, from every kernel.
func FuzzRoundTrip(f *testing.F) {
	f.Add(uint8(7), false, ground(Shape{Width: 7, Height: 9}, 1))
	f.Add(uint8(3), true, ground(Shape{BC3: true, Width: 3, Height: 9}, 1))
	f.Fuzz(func(t *testing.T, width uint8, bc3 bool, raw []byte) {
		s := Shape{BC3: bc3, Width: int(width)%40 + 1}
		s.Height = len(raw) / (s.Width * s.blockBytes())
		if s.Height == 0 {
			return
		}
		raw = raw[:s.Bytes()]
		packed := NewPacker().whatever(s, raw)
		if !agree(t, s, packed) {
			t.Fatal("what was packed is refused")
		}
		got := make([]byte, len(raw))
		if err := NewUnpacker().Unpack(got, s, packed); err != nil || !bytes.Equal(got, raw) {
			t.Fatalf("%v, equal %v", err, bytes.Equal(got, raw))
		}
	})
}

func BenchmarkPack(b *testing.B) {
	bench(b, func(p *Packer, _ *Unpacker) func() { return p.benchmark() })
}
func BenchmarkUnpack(b *testing.B) {
	bench(b, func(p *Packer, u *Unpacker) func() { return u.benchmark(b, p) })
}

var piece = Shape{Width: 1024, Height: 32}

func (p *Packer) benchmark() func() {
	raw := ground(piece, 1)
	var packed []byte
	return func() { packed, _ = p.Append(packed[:0], piece, raw) }
}

func (u *Unpacker) benchmark(b *testing.B, p *Packer) func() {
	raw := ground(piece, 1)
	packed := append(p.whatever(piece, raw), make([]byte, Slack)...)
	packed = packed[:len(packed)-Slack]
	return func() {
		if err := u.Unpack(raw, piece, packed); err != nil {
			b.Fatal(err)
		}
	}
}

func bench(b *testing.B, work func(p *Packer, u *Unpacker) func()) {
	for name, k := range kernels() {
		b.Run(name, func(b *testing.B) {
			p, u := NewPacker(), NewUnpacker()
			p.kernel, u.kernel = k, k
			do := work(p, u)
			b.SetBytes(int64(piece.Bytes()))
			for b.Loop() {
				do()
			}
		})
	}
}

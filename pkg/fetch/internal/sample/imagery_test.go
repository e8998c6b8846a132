package sample

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"testing"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// painted returns the pixels of c before they are encoded.
func painted(c tiles.Chunk) *image.YCbCr {
	k := newCanvas()
	if k.survey(c) {
		k.paint(c)
	} else {
		k.paintSea()
	}
	return k.picture
}

// TestIsTheSameEverywhere: goldens of the pixels, since the bytes depend on image/jpeg.
func TestIsTheSameEverywhere(t *testing.T) {
	for _, test := range []struct {
		chunk tiles.Chunk
		want  string
	}{
		{tiles.Chunk{}, "1ad779afff54"},
		{tiles.Chunk{Z: 4, X: 8, Y: 5}, "75a4f3a13e3a"},
		{tiles.Chunk{Z: 9, X: 256, Y: 180}, "8a55b98e0291"},
		{tiles.Chunk{Z: 16, X: 33712, Y: 23952}, "a6ae35fc2b10"},
		{tiles.Chunk{Z: 16, X: 33663, Y: 23943}, "fd279cc74971"},
		{tiles.Chunk{Z: 22, X: 1<<22 - 1, Y: 1<<22 - 1}, "ee4d86f6e78c"},
	} {
		p := painted(test.chunk)
		sum := sha256.Sum256(bytes.Join([][]byte{p.Y, p.Cb, p.Cr}, nil))
		if got := fmt.Sprintf("%x", sum[:6]); got != test.want {
			t.Errorf("%s: %s, want %s", test.chunk, got, test.want)
		}
	}
}

// TestHasNoSeams: what a field says beyond its edge is what the neighbour says at its own, so there
// are no seams.
func TestHasNoSeams(t *testing.T) {
	for _, z := range []tiles.ZL{1, 7, 16, 22} {
		side := uint32(1) << z
		here := tiles.Chunk{Z: z, X: side/2 - 1, Y: side/2 - 1}
		edge := tiles.Chunk{Z: z, X: side - 1, Y: side - 1}
		for _, pair := range [][3]tiles.Chunk{
			{here, {Z: z, X: here.X + 1, Y: here.Y}, {Z: z, X: here.X, Y: here.Y + 1}},
			{edge, {Z: z, X: 0, Y: edge.Y}, {Z: z, X: edge.X, Y: 0}}, // round the world
		} {
			var f, east, south field
			for i, to := range []*field{&f, &east, &south} {
				to.fill(pair[i], seedRelief, 2, min(int(z)+4, 22), reliefWeight)
			}
			const last = fieldSide - 2
			for i := range fieldSide {
				if f[i*fieldSide+last] != east[i*fieldSide] || f[last*fieldSide+i] != south[i] {
					t.Fatalf("%s: the ground at its edge is not its neighbour's", pair[0])
				}
			}
		}
	}
}

// TestChildrenShowTheSamePlace: a chunk and its four children, made half as large, differ by detail
// only.
func TestChildrenShowTheSamePlace(t *testing.T) {
	totalDifference, totalContrast := 0, 0
	for _, c := range []tiles.Chunk{
		{Z: 13, X: 33712 >> 3, Y: 23952 >> 3}, {Z: 15, X: 33663 >> 1, Y: 23943 >> 1},
		{Z: 18, X: 33663 << 2, Y: 23943 << 2}, {Z: 20, X: 33712 << 4, Y: 23952 << 4},
	} {
		parent := painted(c)
		difference, contrast, n := 0, 0, 0
		other := painted(tiles.Chunk{Z: c.Z, X: c.X + 40, Y: c.Y})
		for child := range uint32(4) {
			p := painted(tiles.Chunk{Z: c.Z + 1, X: 2*c.X + child&1, Y: 2*c.Y + child>>1})
			for y := 0; y < 256; y += 8 {
				for x := 0; x < 256; x += 8 {
					// Means of 8×8 px here against 4×4 px there.
					fine, coarse, elsewhere := 0, 0, 0
					px, py := int(child&1)*128+x/2, int(child>>1)*128+y/2
					for j := range 8 {
						for i := range 8 {
							fine += int(p.Y[(y+j)*p.YStride+x+i])
							coarse += int(parent.Y[(py+j/2)*parent.YStride+px+i/2])
							elsewhere += int(other.Y[(py+j/2)*other.YStride+px+i/2])
						}
					}
					difference += abs(fine-coarse) / 64
					contrast += abs(fine-elsewhere) / 64
					n++
				}
			}
		}
		if difference/n > 10 {
			t.Errorf("%s differs from its children by %d of 255 in the mean", c, difference/n)
		}
		totalDifference += difference
		totalContrast += contrast
	}
	if totalContrast < 3*totalDifference {
		t.Errorf("chunks are hardly more like their children than like those of a place "+
			"elsewhere: %d against %d", totalDifference, totalContrast)
	}
}

func abs(n int) int { return max(n, -n) }

// TestSea: open sea is one even colour in equal bytes, at every zoom level, and there is land
// beside it.
func TestSea(t *testing.T) {
	s := New()
	bodies := map[string]int{}
	for y := range uint32(8) {
		for x := range uint32(8) {
			body, err := s.JPEG(tiles.Chunk{Z: 16, X: 33648 + 16*x, Y: 23888 + 16*y})
			if err != nil {
				t.Fatal(err)
			}
			bodies[string(body)]++
		}
	}
	most := 0
	for _, n := range bodies {
		most = max(most, n)
	}
	if most < 10 || len(bodies) < 20 {
		t.Errorf("of 64 chunks %d are the same, and %d differ: want sea and land", most,
			len(bodies))
	}
	k := newCanvas()
	k.paintSea()
	sea, err := k.encode()
	if err != nil {
		t.Fatal(err)
	}
	if bodies[string(sea)] != most {
		t.Errorf("the commonest chunk is not open sea")
	}
}

func BenchmarkJPEG(b *testing.B) {
	s := New()
	for _, place := range []struct {
		name string
		x, y uint32
	}{{"land", 33660, 23940}, {"sea", 33760, 23980}} {
		b.Run(place.name, func(b *testing.B) {
			n, bytes := uint32(0), 0
			for b.Loop() {
				body, err := s.JPEG(tiles.Chunk{Z: 16, X: place.x + n%4, Y: place.y + n/4%4})
				if err != nil {
					b.Fatal(err)
				}
				bytes += len(body)
				n++
			}
			b.ReportMetric(float64(bytes)/float64(n), "bytes/chunk")
		})
	}
}

package pack

import (
	"image"
)

// chunkPixels is the width of a chunk.
const chunkPixels = 256

// enlarge returns the piece of parent that a chunk up zoom levels deeper covers, enlarged to
// 256×256 px by Catmull-Rom interpolation. x and y count the pieces, 2^up a side. Neighbours of the
// piece are included in the interpolation, so pieces of one parent meet without a seam.
//
// All sums are exact integers with a single rounding: the pixels are the same on every machine.
func enlarge(parent *image.NRGBA, up uint, x, y uint32) *image.NRGBA {
	// Columns first: 256 px wide and as high as the rows of the parent that the piece and the
	// kernel touch.
	width := chunkPixels >> up
	top := int(y)*width - 2
	rows := width + 4
	wide := make([]int32, rows*chunkPixels*3)
	taps := kernel(up)
	at := func(px, py int) []byte {
		px, py = min(max(px, 0), chunkPixels-1), min(max(py, 0), chunkPixels-1)
		return parent.Pix[py*parent.Stride+px*4:][:3]
	}
	for row := range rows {
		for i := range chunkPixels {
			first, weights := taps.at(int(x)*width, i)
			var sum [3]int64
			for n, w := range weights {
				for ch, v := range at(first+n, top+row) {
					sum[ch] += w * int64(v)
				}
			}
			for ch := range sum {
				wide[(row*chunkPixels+i)*3+ch] = int32(taps.scaled(sum[ch] << extraBits))
			}
		}
	}
	out := image.NewNRGBA(image.Rect(0, 0, chunkPixels, chunkPixels))
	for j := range chunkPixels {
		first, weights := taps.at(0, j)
		for i := range chunkPixels {
			px := out.Pix[j*out.Stride+i*4:][:4]
			for ch := range 3 {
				var sum int64
				for n, w := range weights {
					sum += w * int64(wide[((first+2+n)*chunkPixels+i)*3+ch])
				}
				px[ch] = uint8(min(max((taps.scaled(sum)+1<<(extraBits-1))>>extraBits, 0), 255))
			}
			px[3] = 255
		}
	}
	return out
}

// extraBits is the precision kept between the two passes.
const extraBits = 8

// catmullRom holds the four weights of every position between two pixels that an enlargement by
// 2^up needs, as integers over one common divisor.
type catmullRom struct {
	up      uint
	weights [][4]int64
	shift   uint // the weights of a position sum to 1<<shift
}

// kernel returns the weights for enlarging 2^up times. The output's pixel centres lie at odd
// multiples of 1/(2·2^up) between the input's; with t = n/d the Catmull-Rom weights (Keys 1981, a =
// -1/2) times 2·d³ are integers.
func kernel(up uint) catmullRom {
	d := int64(2) << up
	k := catmullRom{up: up, shift: 1 + 3*(up+1), weights: make([][4]int64, 1<<up)}
	for phase := range k.weights {
		// distance of the centre from the pixel on its left, in 1/d
		n := (int64(2*phase+1) + d/2) % d
		k.weights[phase] = [4]int64{
			-n*n*n + 2*d*n*n - d*d*n,
			3*n*n*n - 5*d*n*n + 2*d*d*d,
			-3*n*n*n + 4*d*n*n + d*d*n,
			n*n*n - d*n*n,
		}
	}
	return k
}

// at returns the weights of output pixel i and the input pixel that the first of them is for; the
// piece starts at input pixel start.
func (k catmullRom) at(start, i int) (first int, weights *[4]int64) {
	phase := i & (1<<k.up - 1)
	first = start + i>>k.up - 1
	if 2*phase+1 < 1<<k.up { // left of the input pixel's centre
		first--
	}
	return first, &k.weights[phase]
}

// scaled divides a weighted sum by the weights' sum, rounding to nearest.
func (k catmullRom) scaled(sum int64) int64 { return (sum + 1<<(k.shift-1)) >> k.shift }

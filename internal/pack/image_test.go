package pack

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/draw"
	"image/jpeg"
	"math"
	"os"
	"runtime"
	"testing"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// TestRealWebP decodes what libwebp wrote of one chunk of the sample imagery, in the three kinds of
// WebP there are: all that comes from the picture is in its place.
func TestRealWebP(t *testing.T) {
	body, err := fetch.Sample().Fetch(t.Context(), tiles.Chunk{Z: 16, X: 33712, Y: 23952})
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	want := image.NewNRGBA(decoded.Bounds())
	draw.Draw(want, want.Rect, decoded, image.Point{}, draw.Src)
	const half = 128
	p := &Layer{}
	for _, test := range []struct {
		file  string
		least float64 // dB; libwebp decodes its lossy one to 37.6
		from  int     // the first row that shows the picture
	}{{"lossless", math.Inf(1), 0}, {"lossy", 36, 0}, {"alpha", 36, half}} {
		t.Run(test.file, func(t *testing.T) {
			body, err := os.ReadFile("../testing/fetchtest/testdata/" + test.file + ".webp")
			if err != nil {
				t.Fatal(err)
			}
			decoded, err := p.decode(nil, body, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := decoded.img
			start := test.from * got.Stride
			if db := psnr(got.Pix[start:], want.Pix[start:]); db < test.least {
				t.Errorf("%.1f dB, want %.1f", db, test.least)
			}
			for y := range test.from {
				for x := range chunkPixels {
					if c := got.NRGBAAt(x, y); c != ground {
						t.Fatalf("%d,%d is transparent and shows %v, want the ground", x, y, c)
					}
				}
			}
			for n := range len(body) - 1 {
				if _, err := p.decode(nil, body[:n], nil); err == nil {
					t.Fatalf("cut off after %d of %d bytes it decodes", n, len(body))
				}
			}
		})
	}
}

// TestPNGBomb: a picture of 256×256 px whose data would inflate to far more ends as one that cannot
// be decoded, without the rest being inflated.
func TestPNGBomb(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine, and slow with -race: for the full suite")
	}
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	for range 64 {
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	body := []byte("\x89PNG\r\n\x1a\n")
	for _, c := range []struct {
		kind string
		data []byte
	}{{"IHDR", []byte{0, 0, 1, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0}}, {"IDAT", data.Bytes()}, {"IEND",
		nil}} {
		body = binary.BigEndian.AppendUint32(body, uint32(len(c.data)))
		part := append([]byte(c.kind), c.data...)
		body = binary.BigEndian.AppendUint32(append(body, part...), crc32.ChecksumIEEE(part))
	}
	if err := fetch.CheckTile(body, tiles.ChunkPixels); err != nil {
		t.Fatalf("from outside it is a PNG like any other, but: %v", err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := (&Layer{}).decode(nil, body, nil)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, errImage) {
		t.Errorf("%v, want errImage", err)
	}
	if made := after.TotalAlloc - before.TotalAlloc; made > 4<<20 {
		t.Errorf("decoding made %d bytes", made)
	}
}

func psnr(a, b []byte) float64 {
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a))/sum)
}

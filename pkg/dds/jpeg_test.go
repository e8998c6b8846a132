package dds

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func readJPEG(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "jpeg", name+".jpg"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rms is the root of the mean square difference of two pictures' pixels.
func rms(a, b []byte) float64 {
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(a)))
}

// Every kind of JPEG that providers send decodes, and to what Go's decoder makes of it but for the
// rounding and the smoother chroma.
func TestDecodeJPEGKinds(t *testing.T) {
	w := NewWorker()
	defer w.Close()
	for _, name := range []string{"420", "422", "440", "444", "grey", "progressive", "restart",
		"rgb"} {
		t.Run(name, func(t *testing.T) {
			data := readJPEG(t, name)
			img, err := w.DecodeJPEG(data)
			if err != nil {
				t.Fatal(err)
			}
			want := make([]byte, chunkBytes)
			if err := decodeWithGo(want, chunkSide, data); err != nil {
				t.Fatal(err)
			}
			if d := rms(img.Pix, want); d > 3 {
				t.Errorf("differs by %.2f from Go's decoder", d)
			}
			for i := 3; i < len(img.Pix); i += 4 {
				if img.Pix[i] != 255 {
					t.Fatalf("alpha %d", img.Pix[i])
				}
			}
		})
	}
}

// edited returns the JPEG with its first frame header changed.
func edited(t *testing.T, data []byte, edit func(sof []byte)) []byte {
	t.Helper()
	data = bytes.Clone(data)
	at := bytes.Index(data, []byte{0xFF, 0xC0})
	if at < 0 {
		t.Fatal("no frame header")
	}
	edit(data[at+4:])
	return data
}

func goJPEG(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecodeJPEGRefuses(t *testing.T) {
	good := readJPEG(t, "420")
	size := func(h, w uint16) func([]byte) {
		return func(sof []byte) {
			binary.BigEndian.PutUint16(sof[1:], h)
			binary.BigEndian.PutUint16(sof[3:], w)
		}
	}
	cases := map[string][]byte{
		"nothing":        {},
		"html":           []byte("<html><body>Service unavailable</body></html>"),
		"png":            []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
		"start only":     good[:2],
		"header only":    good[:bytes.Index(good, []byte{0xFF, 0xDA})],
		"cmyk":           readJPEG(t, "cmyk"),
		"12 bit":         edited(t, good, func(sof []byte) { sof[0] = 12 }),
		"small":          goJPEG(t, 128, 128),
		"wide":           goJPEG(t, 257, 256),
		"large":          goJPEG(t, 512, 512),
		"says zero":      edited(t, good, size(0, 0)),
		"says zero high": edited(t, good, size(0, 256)),
		"says huge":      edited(t, good, size(65500, 65500)),
		"says taller":    edited(t, good, size(257, 256)),
		"noise inside":   damaged(good),
	}
	w := NewWorker()
	defer w.Close()
	for name, data := range cases {
		if _, err := w.DecodeJPEG(data); !errors.Is(err, ErrJPEG) {
			t.Errorf("%s: error %v, want ErrJPEG", name, err)
		}
		// Nothing of a bad picture sticks to the decoder: neither after one nor after two of them,
		// whichever they are.
		for second := range cases {
			if _, err := w.DecodeJPEG(data); !errors.Is(err, ErrJPEG) {
				t.Errorf("%s again: error %v, want ErrJPEG", name, err)
			}
			if _, err := w.DecodeJPEG(cases[second]); !errors.Is(err, ErrJPEG) {
				t.Errorf("%s after %s: error %v, want ErrJPEG", second, name, err)
			}
			if _, err := w.DecodeJPEG(good); err != nil {
				t.Errorf("a good picture after %s and %s: %v", name, second, err)
			}
		}
	}
}

// damaged has a run of ones in the middle of its picture data, which no Huffman code of ours
// allows.
func damaged(data []byte) []byte {
	data = bytes.Clone(data)
	for i := len(data) / 2; i < len(data)/2+64; i += 2 {
		data[i], data[i+1] = 0xFF, 0x00
	}
	return data
}

// A download that broke off is never taken for a picture, wherever it broke off.
func TestDecodeJPEGTruncated(t *testing.T) {
	w := NewWorker()
	defer w.Close()
	for _, name := range []string{"420", "grey", "progressive", "restart"} {
		data := readJPEG(t, name)
		for n := 0; n < len(data); n += 1 + n/40 {
			if _, err := w.DecodeJPEG(data[:n]); !errors.Is(err, ErrJPEG) {
				t.Errorf("%s cut to %d of %d bytes: error %v, want ErrJPEG", name, n, len(data),
					err)
			}
		}
		for cut := 1; cut <= 3; cut++ {
			if _, err := w.DecodeJPEG(data[:len(data)-cut]); !errors.Is(err, ErrJPEG) {
				t.Errorf("%s without its last %d bytes: error %v, want ErrJPEG", name, cut, err)
			}
		}
	}
}

// What sloppy writers do harms no picture; a sloppy file cut short is still cut short.
func TestDecodeJPEGSloppy(t *testing.T) {
	good := readJPEG(t, "420")
	insert := func(at int, b ...byte) []byte {
		return append(append(bytes.Clone(good[:at]), b...), good[at:]...)
	}
	tables := bytes.Index(good, []byte{0xFF, 0xDB})
	jfif := bytes.Clone(good)
	jfif[bytes.Index(jfif, []byte("JFIF"))+5] = 9
	cases := map[string][]byte{
		"bytes after the end":   append(bytes.Clone(good), "trailing rubbish"...),
		"bytes between markers": insert(tables, 1, 2, 3),
		"unknown JFIF revision": jfif,
		"filled markers":        insert(tables, 0xFF, 0xFF),
	}
	w := NewWorker()
	defer w.Close()
	want, err := w.DecodeJPEG(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range cases {
		img, err := w.DecodeJPEG(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Equal(img.Pix, want.Pix) {
			t.Errorf("%s: other pixels", name)
		}
		if _, err := w.DecodeJPEG(data[:len(good)*3/4]); !errors.Is(err, ErrJPEG) {
			t.Errorf("%s, cut short: error %v, want ErrJPEG", name, err)
		}
	}
}

func TestAddJPEG(t *testing.T) {
	l := Layout{BC1, 256}
	w := NewWorker()
	defer w.Close()
	b, err := NewBuilder(l, nil)
	if err != nil {
		t.Fatal(err)
	}
	data := readJPEG(t, "444")
	if err := w.AddJPEG(b, 0, 0, data[:len(data)/2]); !errors.Is(err, ErrJPEG) {
		t.Fatalf("half a JPEG: %v", err)
	}
	if err := w.AddJPEG(b, 0, 0, data); err != nil {
		t.Fatalf("the place was lost to the half: %v", err)
	}
	got, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	img, err := w.DecodeJPEG(data)
	if err != nil {
		t.Fatal(err)
	}
	b, _ = NewBuilder(l, nil)
	if err := w.AddPixels(b, 0, 0, img); err != nil {
		t.Fatal(err)
	}
	if want, _ := b.Finish(); !bytes.Equal(got, want) {
		t.Error("AddJPEG and AddPixels of the same picture differ")
	}
}

func TestDecoderName(t *testing.T) {
	if d := Decoder(); !strings.HasPrefix(d, "libjpeg-turbo ") && d != goDecoder {
		t.Errorf("decoder %q", d)
	}
}

func FuzzJPEG(f *testing.F) {
	for _, name := range []string{"420", "grey", "progressive", "restart", "cmyk", "arithmetic"} {
		data := readJPEG(f, name)
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w := NewWorker()
		defer w.Close()
		img, err := w.DecodeJPEG(data)
		if err != nil {
			if !errors.Is(err, ErrJPEG) {
				t.Fatalf("error %v is no ErrJPEG", err)
			}
			return
		}
		if img.Rect != image.Rect(0, 0, chunkSide, chunkSide) {
			t.Fatalf("a picture of %v", img.Rect)
		}
	})
}

package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/internal/picture"
	"github.com/xelpack/xelpack/pkg/dds"
)

func gradient(side int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for i := 0; i < len(img.Pix); i += 4 {
		x, y := i/4%side, i/4/side
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = byte(x/4), byte(60+y/8), 90, byte(
			255-x/8)
	}
	return img
}

func writePicture(t *testing.T, file string, img image.Image) {
	t.Helper()
	var b bytes.Buffer
	err := png.Encode(&b, img)
	if filepath.Ext(file) == ".jpg" {
		b.Reset()
		err = jpeg.Encode(&b, img, nil)
	}
	if err == nil {
		err = os.WriteFile(file, b.Bytes(), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A picture survives the way to a texture and back, whole and at a lower level, with its alpha
// where the format has one.
func TestEncodeDecode(t *testing.T) {
	for _, c := range []struct {
		in, format, quality string
		alpha               bool
	}{{"in.png", "bc1", "fast", false}, {"in.jpg", "bc1", "good", false}, {"in.png", "BC3", "best",
		true}} {
		t.Run(c.in+" "+c.format, func(t *testing.T) {
			dir := t.TempDir()
			in, texture, out := filepath.Join(dir, c.in), filepath.Join(dir,
				"t.dds"), filepath.Join(dir, "out.png")
			want := gradient(512)
			for i := 3; i < len(want.Pix) && !c.alpha; i += 4 {
				want.Pix[i] = 255
			}
			writePicture(t, in, want)
			if err := runEncode(t.Context(), encodeOptions{c.format, c.quality}, in,
				texture); err != nil {
				t.Fatal(err)
			}
			for level, side := range []int{512, 256, 128} {
				if err := runDecode(texture, out, level); err != nil {
					t.Fatal(err)
				}
				f, err := os.Open(out)
				if err != nil {
					t.Fatal(err)
				}
				img, err := png.Decode(f)
				f.Close() // Windows replaces no file that is open
				if err != nil || img.Bounds().Dx() != side {
					t.Fatalf("level %d: %v, %v", level, img.Bounds(), err)
				}
				at, from := image.Pt(side/2, side/4), image.Pt(256, 128)
				got, exp := color.NRGBAModel.Convert(img.At(at.X, at.Y)).(color.NRGBA), want.NRGBAAt(from.X, from.Y)
				if far(got.R, exp.R) || far(got.G, exp.G) || far(got.B, exp.B) ||
					far(got.A, exp.A) {
					t.Errorf("level %d: colour %v, want %v", level, got, exp)
				}
			}
			left, _ := filepath.Glob(filepath.Join(dir, ".xelpack-*"))
			if len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func far(a, b byte) bool { return max(a, b)-min(a, b) > 6 }

func writeChunks(t *testing.T, side int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range side * side {
		img := image.NewNRGBA(image.Rect(0, 0, 256, 256))
		for p := range img.Pix {
			img.Pix[p] = byte(40*i + p%4)
			if p%4 == 3 {
				img.Pix[p] = 255
			}
		}
		writePicture(t, filepath.Join(dir, fmt.Sprintf("%02d_%02d.jpg", i/side, i%side)), img)
	}
	return dir
}

func TestEncodeChunks(t *testing.T) {
	dir := writeChunks(t, 2)
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "t.dds")
	o := encodeOptions{"bc1", "good"}
	if err := runEncode(t.Context(), o, dir, out); err != nil {
		t.Fatal(err)
	}
	l, blocks, err := picture.ReadLevel(out, 0)
	if err != nil || l != (dds.Layout{Format: dds.BC1, Side: 512}) {
		t.Fatal(l, err)
	}
	img, err := dds.Decode(l, 0, blocks)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if got := img.NRGBAAt(i%2*256+128, i/2*256+128).R; far(got, byte(40*i)) {
			t.Errorf("chunk %d has red %d, want %d", i, got, 40*i)
		}
	}

	bad := []struct {
		name string
		want error
		do   func(dir string) error
	}{
		{"missing", dds.ErrMissingChunk, func(dir string) error {
			return os.Remove(filepath.Join(dir, "00_01.jpg"))
		}},
		{"twice", dds.ErrChunkTwice, func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "0_0.JPG"), nil, 0o644)
		}},
		{"truncated", dds.ErrJPEG, func(dir string) error {
			return os.Truncate(filepath.Join(dir, "01_01.jpg"), 300)
		}},
		{"empty", dds.ErrJPEG, func(dir string) error {
			return os.Truncate(filepath.Join(dir, "01_00.jpg"), 0)
		}},
	}
	for _, c := range bad {
		t.Run(c.name, func(t *testing.T) {
			dir, out := writeChunks(t, 2), filepath.Join(t.TempDir(), "t.dds")
			if err := c.do(dir); err != nil {
				t.Fatal(err)
			}
			if err := runEncode(t.Context(), o, dir, out); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
				t.Error("a file was written")
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	dir := t.TempDir()
	name := func(s string) string { return filepath.Join(dir, s) }
	writePicture(t, name("ok.png"), gradient(256))
	writePicture(t, name("odd.png"), gradient(300))
	writePicture(t, name("small.png"), gradient(128))
	writePicture(t, name("wide.jpg"), image.NewGray(image.Rect(0, 0, 512, 256)))
	writePicture(t, name("cut.png"), gradient(256))
	if err := os.Truncate(name("cut.png"), 200); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{"text.png": "no picture", "empty.jpg": "",
		"huge.png": "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\xff\x00\x00\x00\xff\x00\x08\x06\x00\x00\x00\x92\x82\xfa\x5c"} {
		if err := os.WriteFile(name(file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	good := encodeOptions{"bc1", "good"}
	for _, c := range []struct {
		in, out string
		o       encodeOptions
		code    int
	}{
		{"ok.png", "out.dds", encodeOptions{"bc7", "good"}, exitUsage},
		{"ok.png", "out.dds", encodeOptions{"bc1", "finest"}, exitUsage},
		{"ok.png", "out.png", good, exitUsage},
		{"absent.png", "out.dds", good, exitFailed},
		{"odd.png", "out.dds", good, exitFailed},
		{"small.png", "out.dds", good, exitFailed},
		{"wide.jpg", "out.dds", good, exitFailed},
		{"cut.png", "out.dds", good, exitFailed},
		{"text.png", "out.dds", good, exitFailed},
		{"empty.jpg", "out.dds", good, exitFailed},
		{"huge.png", "out.dds", good, exitFailed},
		{".", "out.dds", good, exitFailed},
		{"ok.png", "no/such/folder/out.dds", good, exitFailed},
	} {
		err := runEncode(t.Context(), c.o, name(c.in), name(c.out))
		if err == nil || codeOf(err) != c.code {
			t.Errorf("%s to %s with %v: %v, want code %d", c.in, c.out, c.o, err, c.code)
		}
		if _, err := os.Stat(name("out.dds")); err == nil {
			t.Fatalf("%s with %v left a file", c.in, c.o)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	dir := t.TempDir()
	name := func(s string) string { return filepath.Join(dir, s) }
	writePicture(t, name("in.png"), gradient(256))
	if err := runEncode(t.Context(), encodeOptions{"bc1", "fast"}, name("in.png"),
		name("ok.dds")); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(name("ok.dds"))
	if err != nil {
		t.Fatal(err)
	}
	for file, data := range map[string][]byte{"short.dds": file[:len(file)-1],
		"long.dds": append(bytes.Clone(file), 0), "header.dds": file[:100], "empty.dds": nil,
		"other.dds": bytes.Repeat([]byte("DDS "), 50)} {
		if err := os.WriteFile(name(file), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		in, out string
		level   int
		code    int
	}{
		{"ok.dds", "out.png", 9, exitUsage}, {"ok.dds", "out.png", -1, exitUsage},
		{"ok.dds", "out.jpg", 0, exitUsage},
		{"short.dds", "out.png", 0, exitFailed}, {"long.dds", "out.png", 0, exitFailed},
		{"header.dds", "out.png", 0, exitFailed},
		{"empty.dds", "out.png", 0, exitFailed}, {"other.dds", "out.png", 0, exitFailed},
		{"absent.dds", "out.png", 0, exitFailed}, {"in.png", "out.png", 0, exitFailed},
	} {
		if err := runDecode(name(c.in), name(c.out), c.level); err == nil || codeOf(err) != c.code {
			t.Errorf("%s level %d to %s: %v, want code %d", c.in, c.level, c.out, err, c.code)
		}
	}
}

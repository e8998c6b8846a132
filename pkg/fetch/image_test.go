package fetch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/pkg/tiles"
)

func pngOf(t *testing.T, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// webpOf is the outside of a WebP whose canvas and picture claim the given sides.
func webpOf(canvas, picture uint32) []byte {
	chunk := func(kind string, data []byte) []byte {
		return append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(data))), data...)
	}
	extended := make([]byte, 10)
	extended[4], extended[5] = byte(canvas-1), byte((canvas-1)>>8)
	extended[7], extended[8] = byte(canvas-1), byte((canvas-1)>>8)
	lossless := binary.LittleEndian.AppendUint32([]byte{0x2F}, (picture-1)|(picture-1)<<14)
	inside := append(append([]byte("WEBP"), chunk("VP8X", extended)...), chunk("VP8L", append(lossless, 0))...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(inside))), inside...)
}

// Only pictures of 256×256 px that are whole pass; those that would be larger than they say do not.
func TestCheckChunk(t *testing.T) {
	whole := pngOf(t, 256)
	for name, test := range map[string]struct {
		body []byte
		ok   bool
	}{
		"png":                       {whole, true},
		"png padded":                {append(bytes.Clone(whole), 0, 0), true},
		"png cut off":               {whole[:len(whole)-4], false},
		"png of 512":                {pngOf(t, 512), false},
		"png signature only":        {whole[:8], false},
		"webp":                      {webpOf(256, 256), true},
		"webp of 512":               {webpOf(512, 512), false},
		"webp bomb in small canvas": {webpOf(256, 16384), false},
		"webp cut off":              {webpOf(256, 256)[:30], false},
		"webp head only":            {webpOf(256, 256)[:12], false},
		"nothing":                   {nil, false},
		"text":                      {[]byte("hello"), false},
	} {
		if err := CheckTile(test.body, tiles.ChunkPixels); (err == nil) != test.ok || err != nil && !errors.Is(err, ErrBody) {
			t.Errorf("%s: %v, want ok %t", name, err, test.ok)
		}
	}
}

// A tile has the size that was asked for, whatever else a service may send: 40 megapixels are never
// decoded.
func TestCheckTile(t *testing.T) {
	huge := pngOf(t, 256)
	binary.BigEndian.PutUint32(huge[16:], 8000)
	binary.BigEndian.PutUint32(huge[20:], 5000)
	for name, test := range map[string]struct {
		body []byte
		side int
		says string // the error; empty: none
	}{
		"png":                  {pngOf(t, 512), 512, ""},
		"webp":                 {webpOf(2048, 2048), 2048, ""},
		"a chunk instead":      {pngOf(t, 256), 2048, "PNG of 256×256 px, not 2048×2048 (tile_px = 256 in providers.toml?)"},
		"TIFF":                 {[]byte("II*\x00\x08\x00\x00\x00"), 256, "it is image/tiff, not JPEG"},
		"AVIF":                 {[]byte("\x00\x00\x00\x1cftypavif\x00\x00"), 256, "it is image/avif, not JPEG"},
		"larger than asked":    {pngOf(t, 1024), 512, "PNG of 1024×1024 px, not 512×512"},
		"oblong webp":          {webpOf(2048, 1024), 2048, "WebP of 1024×1024 px, not 2048×2048"},
		"40 megapixels":        {huge, 2048, "PNG of 8000×5000 px, not 2048×2048"},
		"an exception as text": {[]byte("<ServiceException/>"), 2048, "it is text/plain; charset=utf-8, not JPEG"},
	} {
		err := CheckTile(test.body, test.side)
		if (err == nil) != (test.says == "") || err != nil && (!errors.Is(err, ErrBody) || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
}

func FuzzCheckTile(f *testing.F) {
	f.Add(webpOf(256, 256))
	f.Add([]byte(pngSignature))
	f.Fuzz(func(t *testing.T, body []byte) { _ = CheckTile(body, tiles.ChunkPixels) })
}

package fetchtest

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"slices"
)

// webP is the sample's z16/33712/23952, written by libwebp 1.2.4 through ImageMagick (convert
// chunk.png -quality 80 lossy.webp). testdata also has the same without loss, and one whose
// northern half is transparent.
//
//go:embed testdata/lossy.webp
var webP []byte

// body returns what kind makes of a good chunk.
func body(kind Kind, good []byte) ([]byte, error) {
	switch kind {
	case Progressive:
		return progressiveOf(good)
	case CMYK:
		return cmykOf(good)
	case Grey:
		colour, err := jpeg.Decode(bytes.NewReader(good))
		if err != nil {
			return nil, err
		}
		grey := image.NewGray(colour.Bounds())
		draw.Draw(grey, grey.Rect, colour, image.Point{}, draw.Src)
		return encode(grey)
	case Padded:
		return append(bytes.Clone(good), make([]byte, 64)...), nil
	case Empty:
		return nil, nil
	case HTML:
		return []byte("<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please " +
			"sign in to this network.</body></html>\n"), nil
	case Exception:
		return exception("Missing WMS:GetMap right"), nil
	case Truncated:
		return good[:len(good)*2/3], nil
	case Corrupt:
		scan := bytes.LastIndex(good, []byte{0xFF, 0xDA})
		return append(bytes.Clone(good[:scan+(len(good)-scan)/2]), 0, 0xFF, 0xD9), nil
	case WrongSize:
		return encode(image.NewYCbCr(image.Rect(0, 0, 512, 512), image.YCbCrSubsampleRatio420))
	case PNG:
		picture, err := jpeg.Decode(bytes.NewReader(good))
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		err = png.Encode(&b, picture)
		return b.Bytes(), err
	case Transparent:
		var b bytes.Buffer
		size, _, err := image.DecodeConfig(bytes.NewReader(good))
		if err != nil {
			return nil, err
		}
		err = png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, size.Width, size.Height)))
		return b.Bytes(), err
	case White:
		size, _, err := image.DecodeConfig(bytes.NewReader(good))
		if err != nil {
			return nil, err
		}
		white := image.NewGray(image.Rect(0, 0, size.Width, size.Height))
		draw.Draw(white, white.Rect, image.White, image.Point{}, draw.Src)
		return encode(white)
	case WebP:
		return bytes.Clone(webP), nil
	case Huge:
		return append(bytes.Clone(good), make([]byte, 5<<20)...), nil
	case BingNoTile:
		return noTile()
	case ArcGISNoData:
		return noData()
	}
	return good, nil
}

func encode(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 75})
	return b.Bytes(), err
}

// noTile is a PNG of the length of Bing's.
func noTile() ([]byte, error) {
	const length = 1033
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewPaletted(image.Rect(0, 0, 256, 256),
		color.Palette{color.Black})); err != nil {
		return nil, err
	}
	const end = 12 // IEND
	whole := b.Bytes()
	head, tail := whole[:len(whole)-end], whole[len(whole)-end:]
	text := append([]byte("tEXtComment\x00"), bytes.Repeat([]byte{'.'}, length-len(whole)-12-8)...)
	out := binary.BigEndian.AppendUint32(bytes.Clone(head), uint32(len(text)-4))
	out = append(out, text...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(text))
	return append(out, tail...), nil
}

// noData is a JPEG of the length of ArcGIS'.
func noData() ([]byte, error) {
	const length = 2521
	grey := image.NewGray(image.Rect(0, 0, 256, 256))
	for i := range grey.Pix {
		grey.Pix[i] = 0xCC
	}
	b, err := encode(grey)
	if err != nil {
		return nil, err
	}
	return withComment(b, length-len(b)), nil
}

// withComment makes a JPEG n bytes longer; n is at least 4.
func withComment(b []byte, n int) []byte {
	comment := make([]byte, n)
	copy(comment, []byte{0xFF, 0xFE})
	binary.BigEndian.PutUint16(comment[2:], uint16(n-2))
	return slices.Concat(b[:2], comment, b[2:])
}

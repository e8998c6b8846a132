package scenerytest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// kind is one of the five kinds of terrain that Ortho4XP writes for a texture.
type kind int

const (
	land kind = iota
	water
	waterOverlay
	sea
	seaOverlay
)

func (k kind) suffix() string {
	return [...]string{"", "_water", "_water_overlay", "_sea", "_sea_overlay"}[k]
}

// terText returns a terrain file as Ortho4XP writes it.
func terText(t tiles.Texture, k kind) []byte {
	center := t.Center()
	size := int(tiles.PixelSize(center.Lat(), t.ZL) * tiles.TexturePixels)
	var b bytes.Buffer
	fmt.Fprintf(&b, "A\n800\nTERRAIN\n\nLOAD_CENTER %.5f %.5f %d %d\n", center.Lat(), center.Lon(),
		size, tiles.TexturePixels)
	fmt.Fprintf(&b, "BASE_TEX_NOWRAP ../textures/%s\n", t.File())
	switch k {
	case land:
		b.WriteString("NO_ALPHA\n")
	case water:
		b.WriteString("WET\n")
	case waterOverlay:
		b.WriteString("WET\nBORDER_TEX ../textures/water_transition.png\n")
	case sea:
		b.WriteString("WET\nWATER_COLOR_MASK\n")
	case seaOverlay:
		fmt.Fprintf(&b, "LOAD_CENTER_BORDER %.5f %.5f %d %d\n", center.Lat(), center.Lon(), size,
			tiles.TexturePixels)
		fmt.Fprintf(&b, "WET\nBORDER_TEX ../textures/%s\n", maskName(t))
	}
	return b.Bytes()
}

// maskName returns the name of t's water mask: the texture's with "ZL" for the maptype, as PNG.
func maskName(t tiles.Texture) string { return fmt.Sprintf("%d_%d_ZL%d.png", t.Row, t.Col, t.ZL) }

// maskPNG returns a grey ramp from black (land) in the north to white (sea) in the south.
func maskPNG() []byte {
	const side = 64
	img := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			img.SetGray(x, y, color.Gray{Y: uint8(y * 255 / (side - 1))})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // a Buffer accepts everything, and the picture is valid
	}
	return b.Bytes()
}

// greenDDS returns a flat BC1 texture of 256×256 px with its whole mip chain.
func greenDDS() []byte {
	const side, levels = 256, 9
	head := make([]byte, 128)
	copy(head, "DDS ")
	for offset, v := range map[int]uint32{
		4: 124, 8: 0x000A1007, 12: side, 16: side, 20: side * side / 2, 28: levels, 76: 32, 80: 4, 108: 0x00401008,
	} {
		binary.LittleEndian.PutUint32(head[offset:], v)
	}
	copy(head[84:], "DXT1")
	const green = 0x3<<11&0xffff | 0x1a<<5 | 0x4 // RGB 5:6:5
	block := binary.LittleEndian.AppendUint64(nil, green)
	blocks := 0
	for s := side; s > 0; s /= 2 {
		blocks += max(s/4, 1) * max(s/4, 1)
	}
	return append(head, bytes.Repeat(block, blocks)...)
}

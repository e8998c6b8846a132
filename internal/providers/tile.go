package providers

import (
	"encoding"
	"errors"
	"fmt"
	"image"
	"math/bits"
	"net/url"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// The kinds of service.
const (
	KindXYZ = "xyz" // ready-made tiles
	KindWMS = "wms" // pictures of any box: WMS GetMap, ArcGIS exportImage
)

// tileSizes are the possible widths of tiles. One of the largest takes 16 MiB decoded.
var tileSizes = []int{256, 512, 1024, maxTilePx}

const sizes = "256, 512, 1024 or 2048" // tileSizes, for people

const maxTilePx = 2048

// TilePixels returns the width of p's tiles.
func (p Provider) TilePixels() int { return max(p.TilePx, tiles.ChunkPixels) }

// TileLevels returns n for p's tiles of 256·2ⁿ px: chunk (z, x, y) is cut from tile (z-n, x>>n,
// y>>n).
func (p Provider) TileLevels() uint {
	return uint(bits.Len(uint(p.TilePixels()/tiles.ChunkPixels)) - 1)
}

// Tile returns the tile from which c is cut. Its zoom level is lower than c's by TileLevels.
func (p Provider) Tile(c tiles.Chunk) tiles.Chunk { return c.Above(p.TileLevels()) }

// tiled sets how p's tiles are requested, or returns what is wrong.
func (p *Provider) tiled(t *Template) error {
	switch {
	case p.Kind != "" && p.Kind != KindXYZ && p.Kind != KindWMS:
		return fmt.Errorf("unknown kind %q (want %s for tiles or %s for GetMap and exportImage)",
			p.Kind, KindXYZ, KindWMS)
	case p.Kind == KindWMS && !t.boxed:
		return fmt.Errorf("kind %s: its template must contain {bbox}, {width} and {height}",
			KindWMS)
	case p.Kind == KindXYZ && t.boxed:
		return fmt.Errorf("kind %s: {bbox} in its template is for kind %s", KindXYZ, KindWMS)
	case p.TilePx == 0 && t.boxed:
		p.TilePx = maxTilePx
	case p.TilePx == 0:
		p.TilePx = tiles.ChunkPixels
	}
	p.Kind = KindXYZ
	if t.boxed {
		p.Kind = KindWMS
	}
	if !slices.Contains(tileSizes, p.TilePx) {
		return fmt.Errorf("tile_px %d: must be %s", p.TilePx, sizes)
	}
	return nil
}

// Colour is a colour with which a provider paints areas without imagery: "white", "black",
// "#rrggbb", or "flat" for any colour that fills a whole chunk.
type Colour struct {
	R, G, B uint8
	Any     bool
}

var _ encoding.TextUnmarshaler = (*Colour)(nil)

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Colour) UnmarshalText(text []byte) error {
	switch name := strings.ToLower(string(text)); name {
	case "flat":
		*c = Colour{Any: true}
	case "white":
		*c = Colour{R: 255, G: 255, B: 255}
	case "black":
		*c = Colour{}
	default:
		var end string
		*c = Colour{}
		if n, _ := fmt.Sscanf(name, "#%02x%02x%02x%s", &c.R, &c.G, &c.B, &end); n != 3 ||
			len(name) != len("#rrggbb") {
			return fmt.Errorf("unknown blank %q (want white, black, #rrggbb or flat; transparent "+
				"always counts)", text)
		}
	}
	return nil
}

const (
	// colourOff is how much a pixel may differ from the colour: JPEG rounds.
	colourOff = 3
	// rim is how many pixels at the sides do not count: JPEG carries colours over from beside them.
	rim = 2
)

// Fills says whether every pixel of img has the colour, but for a rim.
func (c Colour) Fills(img *image.NRGBA) bool {
	inner := img.SubImage(img.Rect.Inset(rim)).(*image.NRGBA)
	size := inner.Rect.Size()
	if c.Any && len(inner.Pix) >= 4 {
		c.R, c.G, c.B = inner.Pix[0], inner.Pix[1], inner.Pix[2]
	}
	off := func(a, b uint8) bool { return max(a, b)-min(a, b) > colourOff }
	for y := range size.Y {
		for row := inner.Pix[y*inner.Stride:][:size.X*4]; len(row) > 0; row = row[4:] {
			if off(row[0], c.R) || off(row[1], c.G) || off(row[2], c.B) {
				return false
			}
		}
	}
	return true
}

// checkBox returns what is wrong with the query of an address with a box: every parameter that
// names a projection must name Web Mercator, under the parameter name of that version of WMS.
func checkBox(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("it is not a URL")
	}
	query := map[string]string{}
	for name, values := range u.Query() {
		query[strings.ToLower(name)] = values[0]
	}
	for _, name := range []string{"crs", "srs", "bboxsr", "imagesr"} {
		if value, ok := query[name]; ok && !isWebMercator(value) {
			return fmt.Errorf("%s=%s: another projection than Web Mercator (EPSG:3857)",
				strings.ToUpper(name), value)
		}
	}
	has := func(name string) bool { _, ok := query[name]; return ok }
	switch version := query["version"]; {
	case has("bboxsr") != has("imagesr"):
		return errors.New("of exportImage it needs both bboxSR=3857 and imageSR=3857")
	case has("bboxsr"):
	case strings.HasPrefix(version, "1.3") && !has("crs"):
		return fmt.Errorf("WMS %s needs CRS=EPSG:3857", version)
	case strings.HasPrefix(version, "1.1") && !has("srs"):
		return fmt.Errorf("WMS %s needs SRS=EPSG:3857", version)
	case !has("crs") && !has("srs"):
		return errors.New("{bbox} is in Web Mercator: it needs CRS=EPSG:3857, SRS=EPSG:3857 or " +
			"bboxSR=3857")
	}
	return nil
}

package planmap

import (
	"fmt"
	"image/color"
	"math"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Every zoom level has a hue; lower detail is paler, towards white on the light map and towards
// black on the dark one. The colours are chosen in OKLCh so that they look evenly spaced.

// hues are degrees of OKLCh by zoom level. The commonest, 16 to 19, differ most, also for the
// colour-blind: blue, green, magenta, amber.
var hues = [...]float64{12: 110, 13: 30, 14: 200, 15: 225, 16: 258, 17: 165, 18: 345, 19: 75,
	20: 110, 21: 300, 22: 30}

// colour returns the colour of textures of zl and detail.
func colour(zl tiles.ZL, detail uint8, dark bool) color.RGBA {
	hue := 110.0
	if int(zl) < len(hues) && hues[zl] != 0 {
		hue = hues[zl]
	}
	pale := float64(detail) / tiles.MaxDetail
	hue -= 45 * pale // a second clue besides lightness
	if dark {
		return oklch(0.84-0.46*pale, 0.14-0.06*pale, hue)
	}
	return oklch(0.46+0.43*pale, 0.17-0.11*pale, hue)
}

// Colours returns the colours of textures of zl and detail for CSS, on the light map and on the
// dark one.
func Colours(zl tiles.ZL, detail uint8) (light, dark string) {
	return hex(colour(zl, detail, false)), hex(colour(zl, detail, true))
}

// SwatchStyle returns the CSS that gives elements of a class their colour.
func SwatchStyle(class, light, dark string) string {
	return fmt.Sprintf(".%[1]s { background: %[2]s }\n@media (prefers-color-scheme: dark) { "+
		".%[1]s { background: %[3]s } }\n", class, light, dark)
}

// oklch converts Björn Ottosson's lightness, chroma and hue (degrees) to sRGB.
func oklch(lightness, chroma, hue float64) color.RGBA {
	sin, cos := math.Sincos(hue * math.Pi / 180)
	a, b := chroma*cos, chroma*sin
	l := cube(lightness + 0.3963377774*a + 0.2158037573*b)
	m := cube(lightness - 0.1055613458*a - 0.0638541728*b)
	s := cube(lightness - 0.0894841775*a - 1.2914855480*b)
	return color.RGBA{
		srgb(4.0767416621*l - 3.3077115913*m + 0.2309699292*s),
		srgb(-1.2684380046*l + 2.6097574011*m - 0.3413193965*s),
		srgb(-0.0041960863*l - 0.7034186147*m + 1.7076147010*s),
		255,
	}
}

func cube(v float64) float64 { return v * v * v }

func srgb(linear float64) uint8 {
	v := 12.92 * linear
	if linear > 0.0031308 {
		v = 1.055*math.Pow(linear, 1/2.4) - 0.055
	}
	return uint8(math.Round(255 * min(max(v, 0), 1)))
}

// hex formats c for CSS.
func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

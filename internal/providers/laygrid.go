package providers

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/internal/textfile"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	webCorner     = math.Pi * 6378137   // metres from the centre of the web's grid to its sides
	webResolution = 2 * webCorner / 256 // metres per pixel at zoom level 0
	scaledPixel   = 0.00028             // metres per pixel that scale denominators assume
	// metres that a corner may be off: files round to whole metres
	cornerOff     = 1
	resolutionOff = 1e-4     // relative error of a resolution, for the same reason
	maxLevels     = 64       // in a description of a grid
	maxXML        = 16 << 20 // of capabilities

	notWeb = "it is not on the web's grid" // so its tiles would be misplaced
)

// isWebMercator reports whether an EPSG code, or the end of a longer name of one, is Web Mercator.
func isWebMercator(code string) bool {
	code = code[strings.LastIndexByte(code, ':')+1:]
	return slices.Contains([]string{"3857", "3785", "900913", "102100", "102113"}, code)
}

// isWebSet reports whether the name of a tile matrix set always means the web's grid.
func isWebSet(name string) bool {
	switch name = strings.ToLower(name); {
	case strings.Contains(name, "googlemapscompatible"), strings.Contains(name, "pseudo-mercator"),
		strings.Contains(name, "webmercator"), isWebMercator(name):
		return true
	}
	return slices.Contains([]string{"pm", "g", "google3857", "googlemapsvl", "epsg3857",
		"epsg900913"}, name)
}

// layLevel is a level of a grid as described by a file.
type layLevel struct {
	name       string
	resolution float64 // metres per pixel
	x, y       float64 // corner from which tiles are counted
	pixels     int     // width of a tile
}

// webLevels returns the names of the zoom levels of the web's tiles: names[z], "" if there is none.
// z is that of the chunk that a tile covers, whatever its size. South means that rows count from
// the south-west corner. Levels that are not the web's are an error, which says why.
func webLevels(levels []layLevel) (names []string, south bool, err error) {
	for i, l := range levels {
		z := math.Round(math.Log2(webResolution / l.resolution))
		tile := z - float64(Provider{TilePx: l.pixels}.TileLevels())
		fromSouth := math.Abs(l.y+webCorner) <= cornerOff
		switch {
		case !(math.Abs(l.resolution*math.Exp2(z)/webResolution-1) <= resolutionOff) || z < 0:
			return nil, false, fmt.Errorf("%s: level %s has %v m per pixel, which is not a zoom level",
				notWeb, l.name, l.resolution)
		case !(math.Abs(l.x+webCorner) <= cornerOff) || !fromSouth &&
			!(math.Abs(l.y-webCorner) <= cornerOff) || i > 0 && south != fromSouth:
			return nil, false, fmt.Errorf("%s: its top left corner is %.2f %.2f, not %.2f %.2f",
				notWeb, l.x, l.y, -webCorner, webCorner)
		case !slices.Contains(tileSizes, l.pixels) || l.pixels != levels[0].pixels:
			return nil, false, fmt.Errorf("its tiles have %d px (want %s, the same at all levels)",
				l.pixels, sizes)
		case l.name == "" || strings.ContainsAny(l.name, ",{}&#?"):
			return nil, false, fmt.Errorf(
				"its level %q has a name that cannot be used in an address", l.name)
		}
		south = fromSouth
		if tile < 0 || z > float64(tiles.MaxZL) {
			continue // never requested
		}
		for len(names) <= int(tile) {
			names = append(names, "")
		}
		if names[int(tile)] != "" {
			return nil, false, fmt.Errorf("its levels %s and %s are the same", names[int(tile)],
				l.name)
		}
		names[int(tile)] = l.name
	}
	first := slices.IndexFunc(names, func(name string) bool { return name != "" })
	if first < 0 {
		return nil, false, errors.New("its grid has no usable level")
	}
	if gap := slices.Index(names[first:], ""); gap >= 0 {
		return nil, false, fmt.Errorf("its grid lacks zoom level %d between others", first+gap)
	}
	return names, south, nil
}

// ownGrid reads the grid that the file itself describes. names is nil if there is none.
func (l *lay) ownGrid() (names []string, south bool, err error) {
	numbers := func(key string) (list []float64, err error) {
		for _, text := range strings.Fields(l.keys[key]) {
			n, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %q is not a number", key, text)
			}
			list = append(list, n)
		}
		return list, nil
	}
	corner, errCorner := numbers("top_left_corner")
	resolutions, errResolutions := numbers("resolutions")
	denominators, errDenominators := numbers("scaledenominator")
	if err := errors.Join(errCorner, errResolutions, errDenominators); err != nil {
		return nil, false, err
	}
	if len(denominators) > 0 { // they take precedence
		resolutions = nil
		for _, d := range denominators {
			resolutions = append(resolutions, d*scaledPixel)
		}
	}
	switch {
	case len(corner) == 0 && len(resolutions) == 0:
		return nil, false, nil
	case len(corner) != 2 || len(resolutions) == 0:
		return nil, false, errors.New(
			"incomplete description of its grid (want two numbers in top_left_corner, and " +
				"resolutions or scaledenominator)")
	case len(resolutions) > maxLevels:
		return nil, false, fmt.Errorf("its grid has %d levels, want %d at most", len(resolutions),
			maxLevels)
	}
	pixels := tiles.ChunkPixels
	if size, ok := l.number("tile_size"); ok {
		pixels = size
	}
	var levels []layLevel
	for i, r := range resolutions {
		levels = append(levels, layLevel{strconv.Itoa(i), r, corner[0], corner[1], pixels})
	}
	l.p.TilePx = pixels
	return webLevels(levels)
}

// tileMatrixSet looks a set up in the capabilities beside the file. names is nil if there are none.
func (l *lay) tileMatrixSet(set string) (names []string, err error) {
	for _, name := range []string{"capabilities_" + l.code + ".xml", "capabilities.xml"} {
		file := filepath.Join(filepath.Dir(l.file), name)
		levels, errFile := readTileMatrixSet(file, set)
		if errors.Is(errFile, fs.ErrNotExist) {
			continue
		}
		if errFile == nil {
			names, south, err := webLevels(levels)
			if south {
				err = fmt.Errorf("%s: its rows count from the south", notWeb)
			}
			if err != nil {
				return nil, fmt.Errorf("tilematrixset=%s of %s: %w", set, name, err)
			}
			l.p.TilePx = levels[0].pixels
			if size, ok := l.number("tile_size"); ok && size != l.p.TilePx {
				l.note("tile_size=%d is overruled by the %d px of %s", size, l.p.TilePx, name)
			}
			return names, nil
		}
		err = fmt.Errorf("%s: %w", name, errFile)
		if _, unreadable := errors.AsType[*xml.SyntaxError](errFile); !unreadable {
			break // Ortho4XP reads the other file only if this one cannot be read
		}
	}
	return nil, err
}

// readTileMatrixSet returns the levels of a set in the capabilities of a WMTS.
func readTileMatrixSet(file, set string) ([]layLevel, error) {
	text, err := textfile.Read(file, maxXML)
	if err != nil {
		return nil, err
	}
	type matrix struct {
		Identifier       string
		ScaleDenominator float64
		TopLeftCorner    string
		TileWidth        int
		TileHeight       int
	}
	d := xml.NewDecoder(bytes.NewReader(bytes.ToValidUTF8(text, []byte("?")))) // only ASCII matters
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil, fmt.Errorf("it has no tilematrixset=%s", set)
		}
		if err != nil {
			return nil, err
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "TileMatrixSet" {
			continue
		}
		var s struct {
			Identifier   string
			SupportedCRS string
			TileMatrix   []matrix
		}
		if err := d.DecodeElement(&s, &start); err != nil {
			return nil, err
		}
		// without matrices it is a link
		if strings.TrimSpace(s.Identifier) != set || len(s.TileMatrix) == 0 {
			continue
		}
		if crs := strings.TrimSpace(s.SupportedCRS); !isWebMercator(crs) {
			return nil, fmt.Errorf("tilematrixset=%s: its projection is %s, not Web Mercator", set,
				crs)
		}
		var levels []layLevel
		for _, m := range s.TileMatrix {
			l := layLevel{name: strings.TrimSpace(m.Identifier),
				resolution: m.ScaleDenominator * scaledPixel, pixels: m.TileWidth}
			if n, err := fmt.Sscan(m.TopLeftCorner, &l.x, &l.y); n != 2 || err != nil {
				return nil, fmt.Errorf("tilematrixset=%s: level %s: %q is not a corner", set,
					l.name, m.TopLeftCorner)
			}
			if m.TileHeight != m.TileWidth {
				return nil, fmt.Errorf("tilematrixset=%s: level %s: its tiles are not square", set,
					l.name)
			}
			levels = append(levels, l)
		}
		return levels, nil
	}
}

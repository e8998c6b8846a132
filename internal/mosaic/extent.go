package mosaic

import (
	"compress/bzip2"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/png" // masks are PNG
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/textfile"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// drawnKeys are the keys of an .ext about the mask that Ortho4XP draws from an outline.
var drawnKeys = []string{"buffer_width", "mask_width"}

// extentKeys returns the values of an .ext by their keys, and notes on what has no effect.
func extentKeys(text []byte) (keys map[string]string, notes []string) {
	known := append([]string{"mask_bounds", "epsg_code"}, drawnKeys...)
	keys = map[string]string{}
	number := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		number++
		line, _, _ = strings.Cut(line, "#")
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		note := ""
		switch {
		case !ok && key == "":
			continue
		case !ok:
			note = "not key=value"
		case !slices.Contains(known, key):
			note = "unknown key " + key + usage.DidYouMean("", key, known)
		case keys[key] != "":
			note = key + " exists twice: the later one is used"
			fallthrough
		default:
			keys[key] = value
		}
		if note != "" {
			notes = append(notes, fmt.Sprintf("line %d: %s", number, note))
		}
	}
	return keys, notes
}

// readExtent reads where a layer of Ortho4XP counts: an .ext with a grey PNG of the same name
// stretched over its bounds, or with the outline beside it from which Ortho4XP would draw the mask
// (.osm.bz2). Errors and notes name the file.
func readExtent(file string) (a area.Area, notes []string, err error) {
	text, err := textfile.Read(file, maxFile)
	if err != nil {
		return nil, nil, err
	}
	keys, notes := extentKeys(text)
	for i, note := range notes {
		notes[i] = filepath.Base(file) + ": " + note
	}
	base := strings.TrimSuffix(file, file[len(file)-len(".ext"):])
	outline := base + ".osm.bz2"
	if _, err := os.Stat(outline); err == nil {
		a, err = drawnExtent(file, outline, keys)
		return a, notes, err
	}
	for _, key := range drawnKeys {
		if keys[key] != "" {
			notes = append(notes, fmt.Sprintf("%s: %s has no effect on the mask, which is drawn already",
				filepath.Base(file), key))
		}
	}
	box, mercator, err := bounds(keys)
	if err != nil && len(notes) > 0 { // which may be why
		err = fmt.Errorf("%w (%s)", err, notes[0])
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	mask, err := readGrey(base + ".png")
	if err != nil {
		return nil, nil, fmt.Errorf("%s.png: %w", base, err)
	}
	return area.NewRaster(mask, box, mercator), notes, nil
}

// drawnExtent is the outline with the ramp that Ortho4XP's blur gives a mask: it begins at the
// border, moved by buffer_width, and ends mask_width outside.
func drawnExtent(file, outline string, keys map[string]string) (area.Area, error) {
	number := func(key string, unless float64) (float64, error) {
		if keys[key] == "" {
			return unless, nil
		}
		v, err := strconv.ParseFloat(keys[key], 64)
		if err != nil || !(v >= -maxRamp && v <= maxRamp) {
			return 0, fmt.Errorf("%s: %s=%s is not a number of metres", file, key, keys[key])
		}
		return v, nil
	}
	buffer, err := number("buffer_width", 0)
	if err != nil {
		return nil, err
	}
	ramp, err := number("mask_width", 100)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(outline)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	polygons, err := readOSM(io.LimitReader(bzip2.NewReader(f), maxOSM))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", outline, err)
	}
	a, err := area.NewOutline(polygons, area.Edge{Buffer: buffer, Ramp: max(ramp, 0), Square: true})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", outline, err)
	}
	return a, nil
}

// bounds parses mask_bounds, in degrees or in metres of Web Mercator.
func bounds(keys map[string]string) (box tiles.Box, mercator bool, err error) {
	if keys["mask_bounds"] == "" {
		return box, false, errors.New("no mask_bounds (want lonmin,latmin,lonmax,latmax)")
	}
	fields := strings.Split(keys["mask_bounds"], ",")
	var v [4]float64
	for i := range v {
		if len(fields) == 4 {
			v[i], err = strconv.ParseFloat(strings.TrimSpace(fields[i]), 64)
		}
		if len(fields) != 4 || err != nil {
			return box, false, fmt.Errorf("mask_bounds=%s (want lonmin,latmin,lonmax,latmax)",
				keys["mask_bounds"])
		}
	}
	switch epsg := keys["epsg_code"]; epsg[strings.LastIndexByte(epsg, ':')+1:] {
	case "", "4326":
	case "3857", "900913", "102100":
		if max(v[0], v[1], v[2], v[3]) <= 180 && min(v[0], v[1], v[2], v[3]) >= -180 {
			return box, false, fmt.Errorf("mask_bounds=%s: degrees, but epsg_code=%s is in metres",
				keys["mask_bounds"], epsg)
		}
		for i := range v {
			v[i] = degreesOf(v[i], i%2 == 1)
		}
		mercator = true
	default:
		return box, false, fmt.Errorf(
			"unknown epsg_code=%s (want 4326 for degrees or 3857 for Web Mercator)", epsg)
	}
	for i, limit := range [...]float64{180, 90, 180, 90} {
		v[i] = tiles.Rounded(v[i], limit)
	}
	box = tiles.Box{West: v[0], South: v[1], East: v[2], North: v[3]}
	if !(box.West < box.East && box.South < box.North && box.West >= -180 && box.East <= 180 &&
		box.South >= -90 && box.North <= 90) {
		return box, false, fmt.Errorf(
			"mask_bounds=%s (want lonmin,latmin,lonmax,latmax) within 180 and 90 degrees",
			keys["mask_bounds"])
	}
	return box, mercator, nil
}

// maxMask bounds the pixels of a mask.
const maxMask = 64 << 20

func readGrey(file string) (*image.Gray, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	config, _, err := image.DecodeConfig(f)
	switch {
	case err != nil:
		return nil, err
	case config.Width < 1 || config.Height < 1 || config.Width > maxMask/config.Height:
		return nil, errors.New("a mask of more than 64 million pixels")
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(f)
	if err != nil {
		return nil, err
	}
	grey := image.NewGray(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(grey, grey.Rect, img, img.Bounds().Min, draw.Src)
	return grey, nil
}

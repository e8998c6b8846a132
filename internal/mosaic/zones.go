package mosaic

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/textfile"
	"github.com/xelpack/xelpack/pkg/route"
)

// Zones returns the mosaic of a GeoJSON file of polygons, each with the provider named in its
// properties, over base. Where polygons overlap the first one counts. "ramp" (metres) and "filter"
// are optional properties.
func (f *Finder) Zones(file string, base providers.Provider) (providers.Provider, error) {
	p, err := f.zones(file, base)
	if err != nil {
		return p, fmt.Errorf("%w: %s: %w", ErrFile, file, err)
	}
	return p, nil
}

func (f *Finder) zones(file string, base providers.Provider) (providers.Provider, error) {
	text, err := textfile.Read(file, maxFile)
	if err != nil {
		return base, err
	}
	// The whole first: errors with their line, the coordinate system, and what is left out.
	_, left, err := route.Region(text)
	if err != nil {
		return base, err
	}
	features, err := featuresOf(text)
	if err != nil {
		return base, err
	}
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	d := description{id: "zones-" + name, code: base.Code, name: name + " over " + base.ID,
		file: file, key: append(text, base.ID+" "+base.Template...), notes: left}
	for i, feature := range features {
		polygons, _, err := route.Region(feature)
		if err != nil { // it has no polygons, which the notes on the whole tell
			continue
		}
		layer, notes, err := f.zone(feature, polygons, filepath.Dir(file))
		if err != nil {
			return base, fmt.Errorf("feature %d: %w", i+1, err)
		}
		d.layers = append(d.layers, layer)
		for _, note := range notes {
			d.notes = append(d.notes, fmt.Sprintf("feature %d: %s", i+1, note))
		}
	}
	d.layers = append(d.layers, providers.Layer{Provider: base})
	return d.provider()
}

// featuresOf returns the features of a GeoJSON file that can be read.
func featuresOf(text []byte) ([]json.RawMessage, error) {
	var top struct {
		Type     string            `json:"type"`
		Features []json.RawMessage `json:"features"`
	}
	if err := json.Unmarshal(text, &top); err == nil && top.Type == "FeatureCollection" {
		return top.Features, nil
	}
	if top.Type != "Feature" {
		return nil, errors.New("want GeoJSON features: polygons with a property \"provider\"")
	}
	return []json.RawMessage{text}, nil
}

func (f *Finder) zone(feature json.RawMessage, polygons orb.MultiPolygon,
	dir string) (layer providers.Layer, notes []string, err error) {
	var zone struct {
		Raw        json.RawMessage `json:"properties"`
		Properties map[string]any  `json:"-"`
	}
	if json.Unmarshal(feature, &zone) != nil ||
		len(zone.Raw) > 0 && json.Unmarshal(zone.Raw, &zone.Properties) != nil {
		return layer, nil, errors.New("its properties are not a JSON object")
	}
	if _, name := textfile.Members(zone.Raw); name != "" {
		return layer, nil, fmt.Errorf("it has two properties %q", name)
	}
	id, _ := zone.Properties["provider"].(string)
	if id = strings.TrimSpace(id); id == "" {
		return layer, nil, errors.New("it has no property \"provider\" with the id of a provider")
	}
	ramp, given := defaultRamp*1.0, zone.Properties["ramp"]
	if given != nil {
		var number bool
		if ramp, number = given.(float64); !number || !(ramp >= 0 && ramp <= maxRamp) {
			return layer, nil, fmt.Errorf("ramp %#v: must be a number between 0 and %d metres",
				given, maxRamp)
		}
	}
	if layer.Provider, err = f.Lookup(id); err != nil {
		return layer, nil, err
	}
	colours, isText := zone.Properties["filter"].(string)
	if given := zone.Properties["filter"]; given != nil && !isText {
		return layer, nil, fmt.Errorf("filter %v: must be text in quotes", given)
	}
	change, notes, err := filterOf(colours, dir)
	if err != nil {
		return layer, nil, err
	}
	layer.Filter = layer.Filter.Then(change)
	layer.Area, err = area.NewOutline(polygons, area.Edge{Ramp: ramp})
	return layer, notes, err
}

// painted reads the map that AutoOrtho's user paints: whole degrees, each with a maptype. Unpainted
// degrees use BI.
func (f *Finder) painted(file string) (providers.Provider, error) {
	const unpainted = "BI"
	text, err := textfile.Read(file, maxFile)
	if err != nil {
		return providers.Provider{}, err
	}
	var parsed paintedMap
	if err := json.Unmarshal(text, &parsed); err != nil {
		line := ""
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			line = fmt.Sprintf("line %d: ", 1+bytes.Count(text[:min(int(syntax.Offset), len(text))],
				[]byte("\n")))
		}
		return providers.Provider{}, fmt.Errorf("invalid AutoOrtho map: %s%w", line, err)
	}
	if parsed.Version != 1 || parsed.Cells == nil {
		return providers.Provider{}, fmt.Errorf(
			"version %d: want AutoOrtho's painted map, {\"version\": 1, \"cells\": {\"46,6\": "+
				"\"BI\", …}}", parsed.Version)
	}
	at := map[string]map[[2]int]bool{} // by maptype
	for corner, maptype := range parsed.Cells {
		if at[maptype] == nil {
			at[maptype] = map[[2]int]bool{}
		}
		at[maptype][corner] = true
	}
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	d := description{id: "painted-" + name, name: name + " (AutoOrtho)", file: file, key: text}
	for _, maptype := range slices.Sorted(maps.Keys(at)) {
		p, err := f.catalogue.Lookup(maptype)
		if err != nil {
			return p, fmt.Errorf("cell %s: %w", first(at[maptype]), err)
		}
		d.layers = append(d.layers,
			providers.Layer{Provider: p,
				Area: area.NewCells(at[maptype], area.Edge{Ramp: defaultRamp})})
	}
	base, err := f.catalogue.Lookup(unpainted)
	if err != nil {
		return base, fmt.Errorf("unpainted degrees use %s: %w", unpainted, err)
	}
	d.layers, d.code = append(d.layers, providers.Layer{Provider: base}), base.Code
	return d.provider()
}

// first names the southernmost of cells, of these the westernmost, as a painted map does.
func first(cells map[[2]int]bool) string {
	corner := slices.MinFunc(slices.Collect(maps.Keys(cells)), func(a, b [2]int) int {
		return cmp.Or(a[1]-b[1], a[0]-b[0])
	})
	return fmt.Sprintf("\"%d,%d\"", corner[1], corner[0])
}

type paintedMap struct {
	Version int   `json:"version"`
	Cells   cells `json:"cells"`
}

// cells are maptypes by the south-west corner of the degree, west and south.
type cells map[[2]int]string

// UnmarshalJSON refuses a degree that is painted twice, in the same words or others.
func (c *cells) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open == nil {
		return err
	} else if open != json.Delim('{') {
		return errors.New("cells must be a JSON object")
	}
	*c = cells{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		cell, _ := key.(string)
		lat, lon, ok := strings.Cut(cell, ",")
		south, errLat := strconv.Atoi(strings.TrimSpace(lat))
		west, errLon := strconv.Atoi(strings.TrimSpace(lon))
		if !ok || errLat != nil || errLon != nil || south < -90 || south > 89 || west < -180 ||
			west > 179 {
			return fmt.Errorf(
				"invalid cell %q (want LAT,LON of its south-west corner in whole degrees)", cell)
		}
		var maptype string
		if err := d.Decode(&maptype); err != nil || maptype == "" {
			return fmt.Errorf("cell %q: want a maptype in quotes, such as \"BI\"", cell)
		}
		maptype = strings.ToUpper(maptype)
		corner := [2]int{west, south}
		if other, twice := (*c)[corner]; twice && other != maptype {
			return fmt.Errorf("cell %q: it is painted twice, %s and %s", cell, other, maptype)
		}
		(*c)[corner] = maptype
	}
	return nil
}

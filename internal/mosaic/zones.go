package mosaic

import (
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
	var zones struct{ Features []feature }
	if err := json.Unmarshal(text, &zones); err != nil || len(zones.Features) == 0 {
		return base, errors.New("not a GeoJSON FeatureCollection of polygons with a property " +
			"\"provider\"")
	}
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	d := description{id: "zones-" + name, code: base.Code, name: name + " over " + base.ID,
		file: file, key: append(text, base.ID+" "+base.Template...)}
	for i, zone := range zones.Features {
		layer, notes, err := f.zone(zone, filepath.Dir(file))
		if err != nil {
			return base, fmt.Errorf("feature %d: %w", i+1, err)
		}
		d.layers, d.notes = append(d.layers, layer), append(d.notes, notes...)
	}
	d.layers = append(d.layers, providers.Layer{Provider: base})
	return d.provider()
}

// feature is a GeoJSON feature.
type feature struct {
	Properties map[string]any
	Geometry   struct {
		Type        string
		Coordinates json.RawMessage
	}
}

// polygons returns the feature's polygons.
func (f feature) polygons() (polygons orb.MultiPolygon, err error) {
	switch f.Geometry.Type {
	case "Polygon":
		polygons = make(orb.MultiPolygon, 1)
		err = json.Unmarshal(f.Geometry.Coordinates, &polygons[0])
	case "MultiPolygon":
		err = json.Unmarshal(f.Geometry.Coordinates, &polygons)
	default:
		err = errors.New("want a Polygon or a MultiPolygon")
	}
	return polygons, err
}

func (f *Finder) zone(zone feature, dir string) (layer providers.Layer, notes []string, err error) {
	polygons, err := zone.polygons()
	if err != nil {
		return layer, nil, err
	}
	id, _ := zone.Properties["provider"].(string)
	if id == "" {
		return layer, nil, errors.New("it has no property \"provider\" with the id of a provider")
	}
	ramp, given := defaultRamp*1.0, zone.Properties["ramp"]
	if given != nil {
		var number bool
		if ramp, number = given.(float64); !number || !(ramp >= 0 && ramp <= maxRamp) {
			return layer, nil, fmt.Errorf("ramp %v: must be between 0 and %d metres", given,
				maxRamp)
		}
	}
	if layer.Provider, err = f.Lookup(id); err != nil {
		return layer, nil, err
	}
	colours, _ := zone.Properties["filter"].(string)
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
	var parsed struct {
		Version int               `json:"version"`
		Cells   map[string]string `json:"cells"`
	}
	if err := json.Unmarshal(text, &parsed); err != nil {
		return providers.Provider{}, fmt.Errorf("invalid AutoOrtho map: %w", err)
	}
	if parsed.Version != 1 || parsed.Cells == nil {
		return providers.Provider{}, fmt.Errorf(
			"version %d: want AutoOrtho's painted map, {\"version\": 1, \"cells\": {\"46,6\": "+
				"\"BI\", …}}", parsed.Version)
	}
	at := map[string]map[[2]int]bool{} // by maptype
	first := map[string]string{}       // the first cell that wants it
	for _, cell := range slices.Sorted(maps.Keys(parsed.Cells)) {
		lat, lon, ok := strings.Cut(cell, ",")
		south, errLat := strconv.Atoi(strings.TrimSpace(lat))
		west, errLon := strconv.Atoi(strings.TrimSpace(lon))
		if !ok || errLat != nil || errLon != nil || south < -90 || south > 89 || west < -180 ||
			west > 179 {
			return providers.Provider{}, fmt.Errorf(
				"invalid cell %q (want LAT,LON of its south-west corner in whole degrees)", cell)
		}
		maptype := strings.ToUpper(parsed.Cells[cell])
		if at[maptype] == nil {
			at[maptype], first[maptype] = map[[2]int]bool{}, cell
		}
		at[maptype][[2]int{west, south}] = true
	}
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	d := description{id: "painted-" + name, name: name + " (AutoOrtho)", file: file, key: text}
	for _, maptype := range slices.Sorted(maps.Keys(at)) {
		p, err := f.catalogue.Lookup(maptype)
		if err != nil {
			return p, fmt.Errorf("cell %q: %w", first[maptype], err)
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

package mosaic

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/textfile"
	"github.com/xelpack/xelpack/pkg/route"
	"github.com/xelpack/xelpack/pkg/tiles"
)

type tomlFile struct {
	Mosaic []tomlMosaic `toml:"mosaic"`
}

type tomlMosaic struct {
	ID, Code, Name string
	Ramp           *float64
	Layer          []tomlLayer
}

type tomlLayer struct {
	Provider string
	Outline  string
	Ramp     *float64
	Filter   string
	Maptypes []string
}

// parse reads mosaics.toml.
func (f *Finder) parse(text []byte) error {
	var parsed tomlFile
	unknown, err := textfile.TOML(text, &parsed)
	if err != nil {
		return err
	}
	if unknown != nil {
		return fmt.Errorf("unknown key %s (a mosaic has id, code, name, ramp and layers; a layer "+
			"has provider, outline, ramp, filter and maptypes)", unknown)
	}
	for i, m := range parsed.Mosaic {
		id := strings.ToLower(m.ID)
		if err := f.checkID(id); err != nil {
			return fmt.Errorf("mosaic %d: id %q: %w", i+1, m.ID, err)
		}
		if m.Code != "" {
			if err := tiles.ValidMaptype(m.Code); err != nil {
				return fmt.Errorf("mosaic %s: code: %w", id, err)
			}
		}
		for _, l := range m.Layer {
			for _, maptype := range l.Maptypes {
				if err := tiles.ValidMaptype(maptype); err != nil {
					return fmt.Errorf("mosaic %s: layer %s: maptypes: %w", id, l.Provider, err)
				}
			}
		}
		f.own[id] = m
	}
	return nil
}

func (f *Finder) checkID(id string) error {
	_, twice := f.own[id]
	_, taken := f.catalogue.Find(id)
	switch {
	case tiles.ValidMaptype(id) != nil || strings.ContainsAny(id, ":,+."):
		return errors.New("invalid (want letters, digits, - and _, without blanks)")
	case twice:
		return errors.New("it is defined twice")
	case taken || id == OpenID || id == "auto":
		return errors.New("it is taken")
	}
	return nil
}

// mosaic returns a mosaic of mosaics.toml, which is referred to by those in within.
func (f *Finder) mosaic(m tomlMosaic, within []string) (providers.Provider, error) {
	id := strings.ToLower(m.ID)
	chain := append(slices.Clone(within), id)
	if slices.Contains(within, id) {
		return providers.Provider{}, fmt.Errorf("it refers to itself: %s",
			strings.Join(chain, " → "))
	}
	d := description{id: m.ID, code: m.Code, name: m.Name, file: f.file}
	for i, l := range m.Layer {
		ramp := float64(defaultRamp)
		for _, said := range []*float64{m.Ramp, l.Ramp} {
			if said != nil {
				ramp = *said
			}
		}
		if err := f.add(&d, l, ramp, chain); err != nil {
			return providers.Provider{}, fmt.Errorf("layer %d (%s): %w", i+1, l.Provider, err)
		}
	}
	return d.provider()
}

// add adds a layer to d.
func (f *Finder) add(d *description, l tomlLayer, ramp float64, within []string) error {
	if l.Provider == "" {
		return errors.New("it has no provider")
	}
	p, err := f.lookup(l.Provider, within)
	if err != nil {
		return err
	}
	colours, notes, err := filterOf(l.Filter, filepath.Dir(f.file))
	if err != nil {
		return err
	}
	for _, note := range notes {
		d.notes = append(d.notes, l.Provider+": "+note)
	}
	p.Filter = p.Filter.Then(colours)
	at, polygons, err := f.place(p, l.Outline, ramp)
	if err != nil {
		return err
	}
	d.layers = append(d.layers, providers.Layer{Provider: p, Area: at, Maptypes: l.Maptypes})
	d.key = fmt.Appendf(d.key, "%s %s %s %v %v %v\n", p.ID, p.Template, p.Filter, polygons, ramp,
		l.Maptypes)
	return nil
}

// place returns where a layer counts by its description, and the polygons of that area.
func (f *Finder) place(p providers.Provider, outline string,
	ramp float64) (area.Area, orb.MultiPolygon, error) {
	if !(ramp >= 0 && ramp <= maxRamp) {
		return nil, nil, fmt.Errorf("ramp %v: must be between 0 and %d metres", ramp, maxRamp)
	}
	switch outline {
	case "":
		return outlined(p, ramp), p.Outline, nil
	case "none":
		return nil, nil, nil
	}
	file := realpath.Home(outline)
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(f.file), file)
	}
	polygons, _, err := route.ReadRegion(file)
	if err != nil {
		return nil, nil, fmt.Errorf("outline: %w", err)
	}
	a, err := area.NewOutline(polygons, area.Edge{Ramp: ramp})
	if err != nil {
		return nil, nil, fmt.Errorf("outline: %s: %w", file, err)
	}
	return a, polygons, nil
}

// maxRamp is wider than any sensible blend.
const maxRamp = 50_000

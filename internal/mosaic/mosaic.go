// Package mosaic combines several providers, each where it counts: the built-in mosaic of open
// imagery, those of the user's mosaics.toml, combined providers of Ortho4XP, the painted map of
// AutoOrtho, and a drawing of zones.
//
//	f, err := mosaic.Load(catalogue, dir)
//	p, err := f.Lookup("open") // or any provider
//
// The result is a providers.Provider with Layers. A chunk belongs to the first layer whose area
// covers it and that has imagery there. Errors name the file and the place in it.
package mosaic

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/filter"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/terms"
)

// defaultRamp is how far outside its outline a source fades out by default, in metres.
const defaultRamp = 100

// description is a mosaic before it is checked.
type description struct {
	id, code, name string
	file           string // file that describes it; empty for a built-in one
	key            []byte // mosaics with the same id and key have the same imagery
	layers         []providers.Layer
	notes          []string
}

// provider returns the mosaic with nested mosaics replaced by their layers.
func (d description) provider() (providers.Provider, error) {
	p := providers.Provider{
		ID: strings.ToLower(d.id), Code: cmp.Or(d.code, providers.BareCode), Name: cmp.Or(d.name,
			d.id), File: d.file, Notes: d.notes,
		Template: fmt.Sprintf("mosaic:%x", sha256.Sum256(d.key)), Layers: flat(d.layers),
	}
	if len(p.Layers) == 0 {
		return p, errors.New("it has no layers")
	}
	var sources terms.Sources
	for i, l := range p.Layers {
		for _, above := range p.Layers[:i] {
			err := terms.Blend(above.Source(0), l.Source(0))
			switch {
			case err == nil || !meet(above, l):
			case above.Area == nil:
				return p, fmt.Errorf("%w, and nothing of %s would ever be used, for %s has no outline",
					err, l.ID, above.ID)
			default:
				p.Notes = append(p.Notes, err.Error()+
					"; where they would meet, a texture is only of that which covers most of it")
			}
		}
		if !slices.ContainsFunc(sources, func(s terms.Source) bool { return s.ID == l.ID }) {
			sources = append(sources, l.Source(0))
			for _, note := range l.Notes {
				p.Notes = append(p.Notes, l.ID+": "+note)
			}
		}
		if i == 0 || l.MinZL < p.MinZL {
			p.MinZL = l.MinZL
		}
		p.MaxZL = max(p.MaxZL, l.MaxZL)
	}
	p.Terms = sources.Terms()
	p.Licence = sources.Lines("; ", func(s terms.Source) string { return s.Licence })
	p.Attribution = sources.Lines(" | ", func(s terms.Source) string { return s.Attribution })
	p.Coverage = "a mosaic of " + sources.Lines(", ", func(s terms.Source) string { return s.ID })
	return p, nil
}

// meet reports whether both may serve the same texture.
func meet(a, b providers.Layer) bool {
	return (len(a.Maptypes) == 0 || slices.ContainsFunc(a.Maptypes, b.For)) &&
		(len(b.Maptypes) == 0 || slices.ContainsFunc(b.Maptypes, a.For))
}

func flat(layers []providers.Layer) (list []providers.Layer) {
	for _, l := range layers {
		if len(l.Layers) == 0 {
			list = append(list, l)
			continue
		}
		for _, part := range l.Layers {
			part.Area = area.Both(l.Area, part.Area)
			part.Filter = part.Filter.Then(l.Filter)
			part.Priority = max(part.Priority, l.Priority)
			if len(part.Maptypes) == 0 {
				part.Maptypes = l.Maptypes
			}
			part.NotFor = append(slices.Clone(part.NotFor), l.NotFor...)
			list = append(list, part)
		}
	}
	return list
}

// outlined returns the area of a provider's own outline, which has been checked; nil if it has
// none.
func outlined(p providers.Provider, ramp float64) area.Area {
	if p.Outline == nil {
		return nil
	}
	return area.Unchecked(p.Outline, area.Edge{Ramp: ramp})
}

// filterOf parses a filter: the short form, a .flt file, or its lines separated by semicolons. File
// names are relative to dir. Errors and notes name the filter.
func filterOf(text, dir string) (f *filter.Filter, notes []string, err error) {
	name := "filter"
	switch {
	case text == "" || text == "none":
		return nil, nil, nil
	case strings.EqualFold(filepath.Ext(text), ".flt"):
		name += " " + text
		if !filepath.IsAbs(text) {
			text = filepath.Join(dir, text)
		}
		f, notes, err = providers.ReadFilter(text)
	case strings.ContainsAny(text, " ;"):
		if f, notes, err = filter.Parse(text); err != nil {
			err = errors.New("filter: " + strings.TrimPrefix(err.Error(), "line 1: "))
		}
		for i, note := range notes {
			notes[i] = strings.TrimPrefix(note, "line 1: ")
		}
	default:
		f, err = filter.Short(text)
	}
	for i, note := range notes {
		notes[i] = name + ": " + note
	}
	return f, notes, err
}

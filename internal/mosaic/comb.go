package mosaic

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/filter"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/textfile"
)

// comb reads a combined provider of Ortho4XP: one layer per line, topmost first, in four words:
// layer, extent, filter, priority.
func (f *Finder) comb(file string) (providers.Provider, error) {
	text, err := textfile.Read(file, maxFile)
	if err != nil {
		return providers.Provider{}, err
	}
	tree, err := ortho4xpOf(file)
	if err != nil {
		return providers.Provider{}, err
	}
	code, _, _ := strings.Cut(filepath.Base(file), ".")
	d := description{id: code, code: code, name: code + " (Ortho4XP)", file: file, key: text}
	number := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		number++
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) != 4 {
			return providers.Provider{}, fmt.Errorf(
				"line %d: invalid layer (want four words: layer, extent, filter, priority)", number)
		}
		layer, notes, err := f.combLine(tree, words)
		if err != nil {
			return providers.Provider{}, fmt.Errorf("line %d (%s): %w", number, words[0], err)
		}
		d.layers = append(d.layers, layer)
		for _, note := range notes {
			d.notes = append(d.notes, fmt.Sprintf("line %d: %s", number, note))
		}
	}
	return d.provider()
}

// ortho4xp is the folder of an Ortho4XP installation.
type ortho4xp string

// ortho4xpOf returns the folder that a file in its Providers belongs to; otherwise the file's own
// folder.
func ortho4xpOf(file string) (ortho4xp, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(abs)
	if strings.EqualFold(filepath.Base(dir), "Providers") {
		dir = filepath.Dir(dir)
	}
	return ortho4xp(dir), nil
}

// find returns the path of a file in one of Ortho4XP's folders, or beside them.
func (o ortho4xp) find(folder, name string) (string, bool) {
	for _, pattern := range []string{filepath.Join(folder, "*", name), filepath.Join(folder, name),
		name} {
		// The name may contain special characters of a pattern.
		found, _ := filepath.Glob(filepath.Join(string(o), strings.ReplaceAll(pattern, "[", `\[`)))
		if len(found) > 0 {
			return found[0], true
		}
	}
	return "", false
}

func (f *Finder) combLine(tree ortho4xp,
	words []string) (layer providers.Layer, notes []string, err error) {
	switch words[3] {
	case "high":
	case "medium":
		layer.Priority = area.Medium
	case "low":
		layer.Priority = area.Low
	case "mask":
		return layer, nil, errors.New(
			"priority mask: it needs water masks, which xelpack does not have: remove the line")
	default:
		return layer, nil, fmt.Errorf("unknown priority %q (want high, medium or low)", words[3])
	}
	layer.Lone = true
	if lay, ok := tree.find("Providers", words[0]+".lay"); ok {
		layer.Provider, err = f.catalogue.Lookup(lay)
	} else {
		layer.Provider, err = f.catalogue.Lookup(words[0])
	}
	if err != nil {
		return layer, nil, err
	}
	if layer.Area, notes, err = tree.extent(layer.Provider, words[1]); err != nil {
		return layer, nil, fmt.Errorf("extent %s: %w", words[1], err)
	}
	switch words[2] {
	case "default":
	case "none":
		layer.Filter = nil
	default:
		var said []string
		layer.Filter, said, err = tree.filter(words[2])
		for _, note := range said {
			notes = append(notes, fmt.Sprintf("filter %s: %s", words[2], note))
		}
	}
	return layer, notes, err
}

func (o ortho4xp) filter(code string) (f *filter.Filter, notes []string, err error) {
	if file, ok := o.find("Filters", code+".flt"); ok {
		return providers.ReadFilter(file)
	}
	if f, err = filter.Short(code); err != nil {
		return nil, nil, fmt.Errorf("%w, and there is no %s.flt", err, code)
	}
	return f, nil, nil
}

// extent returns where a layer counts; nil: everywhere.
func (o ortho4xp) extent(p providers.Provider, code string) (area.Area, []string, error) {
	if code == "default" {
		code = "global"
		if strings.EqualFold(filepath.Ext(p.File), ".lay") {
			code = cmp.Or(p.Coverage, code)
		}
	}
	switch {
	case code == "global":
		return nil, nil, nil
	case strings.HasPrefix(code, "!"):
		return nil, nil, errors.New("the outside of an extent is not supported, as in Ortho4XP")
	}
	file, ok := o.find("Extents", code+".ext")
	if !ok {
		return nil, nil, fmt.Errorf("there is no %s.ext in the folder Extents of %s: %w", code,
			string(o), os.ErrNotExist)
	}
	return readExtent(file)
}

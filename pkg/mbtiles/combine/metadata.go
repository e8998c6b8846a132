package combine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

const (
	keyEncoder     = "xelpack:encoder"
	keyJPEGDecoder = "xelpack:jpeg_decoder"
)

// combine returns the metadata of an archive that has textures of several. What all of them say
// alike stays; sources add up, and what follows from them is computed; the rest (name, description,
// plan) is no longer true and is dropped.
func combine(all []*entrant, force bool) (map[string]string, error) {
	if len(all) == 1 {
		meta := all[0].meta
		delete(meta, "name")
		delete(meta, mbtiles.KeyPlan)
		return meta, nil
	}
	meta := make(map[string]string)
	for _, in := range all {
		for name, value := range in.meta {
			if name != "name" && name != mbtiles.KeyPlan && agree(all, name) {
				meta[name] = value
			}
		}
	}
	if err := oneLook(all); err != nil {
		return nil, err
	}
	if err := mixture(all, force); err != nil || len(all) == 0 {
		return meta, err
	}
	var sources terms.Sources
	for _, in := range all {
		of, err := mbtiles.SourcesOf(in.meta)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Path(), err)
		}
		sources = sources.And(of)
	}
	if sources != nil {
		meta[mbtiles.KeySources] = sources.String()
	}
	for name, lists := range map[string]struct {
		separator string
		of        func(*entrant) string
	}{
		keyEncoder:     {", ", func(in *entrant) string { return in.meta[keyEncoder] }},
		keyJPEGDecoder: {", ", func(in *entrant) string { return in.meta[keyJPEGDecoder] }},
	} {
		if joined := union(all, lists.separator, lists.of); joined != "" {
			meta[name] = joined
		}
	}
	return meta, nil
}

// agree reports whether all have the same value of name.
func agree(all []*entrant, name string) bool {
	for _, in := range all {
		if in.meta[name] != all[0].meta[name] {
			return false
		}
	}
	return true
}

// oneLook returns an error if their textures have different looks: where they meet there would be
// seams, and the merged archive could not say which it has.
func oneLook(all []*entrant) error {
	if len(all) == 0 || agree(all, mbtiles.KeyLook) {
		return nil
	}
	says := make([]string, len(all))
	for i, in := range all {
		says[i] = fmt.Sprintf("%s has %s", in.Path(), cmp.Or(in.meta[mbtiles.KeyLook], "none"))
	}
	return fmt.Errorf("%w: %s", ErrLooks, strings.Join(says, ", "))
}

// mixture finds out whether some may be passed on and some may not. An archive that does not say so
// may not.
func mixture(all []*entrant, force bool) error {
	var may, mayNot []string
	for _, in := range all {
		if in.meta[mbtiles.KeyRedistributable] == "true" {
			may = append(may, in.Path())
		} else {
			mayNot = append(mayNot, in.Path())
		}
	}
	if len(may) > 0 && len(mayNot) > 0 && !force {
		return fmt.Errorf("%w: %s may be passed on, %s may not", ErrMixture,
			strings.Join(may, ", "), strings.Join(mayNot, ", "))
	}
	return nil
}

// union joins lists without duplicates, in the order of the archives.
func union(all []*entrant, separator string, of func(*entrant) string) string {
	var things []string
	for _, in := range all {
		for thing := range strings.SplitSeq(of(in), separator) {
			if thing = strings.TrimSpace(thing); thing != "" && !slices.Contains(things, thing) {
				things = append(things, thing)
			}
		}
	}
	return strings.Join(things, separator)
}

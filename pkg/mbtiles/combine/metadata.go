package combine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

const (
	keyEncoder     = "xelpack:encoder"
	keyJPEGDecoder = "xelpack:jpeg_decoder"
)

// combine returns the metadata of an archive that has textures of several. What all of them say
// alike stays; attribution, providers and licences add up; the rest is dropped, for it is no longer
// true: name, description, plan.
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
	free, err := redistributable(all, force)
	if err != nil || len(all) == 0 {
		return meta, err
	}
	meta[mbtiles.KeyRedistributable] = strconv.FormatBool(free)
	for name, lists := range map[string]struct {
		separator string
		of        func(*entrant) string
	}{
		"attribution":        {" | ", func(in *entrant) string { return in.meta["attribution"] }},
		mbtiles.KeyProviders: {",", func(in *entrant) string { return in.meta[mbtiles.KeyProviders] }},
		mbtiles.KeyLicence:   {"\n", func(in *entrant) string { return in.licence(agree(all, mbtiles.KeyLicence)) }},
		keyEncoder:           {", ", func(in *entrant) string { return in.meta[keyEncoder] }},
		keyJPEGDecoder:       {", ", func(in *entrant) string { return in.meta[keyJPEGDecoder] }},
	} {
		if joined := union(all, lists.separator, lists.of); joined != "" {
			meta[name] = joined
		}
	}
	return meta, nil
}

// agree reports whether all say the same about name.
func agree(all []*entrant, name string) bool {
	for _, in := range all {
		if in.meta[name] != all[0].meta[name] {
			return false
		}
	}
	return true
}

// redistributable reports whether all may be passed on. An archive that does not say so may not.
func redistributable(all []*entrant, force bool) (bool, error) {
	var may, mayNot []string
	for _, in := range all {
		if in.meta[mbtiles.KeyRedistributable] == "true" {
			may = append(may, in.Path())
		} else {
			mayNot = append(mayNot, in.Path())
		}
	}
	if len(may) > 0 && len(mayNot) > 0 && !force {
		return false, fmt.Errorf("%w: %s may, %s may not", ErrMixture, strings.Join(may, ", "), strings.Join(mayNot, ", "))
	}
	return len(mayNot) == 0, nil
}

// licence returns the lines of an archive's licence, each with the providers that it is of unless
// it is that of all.
func (e *entrant) licence(same bool) string {
	licence := e.meta[mbtiles.KeyLicence]
	if licence == "" || same || strings.Contains(licence, "\n") {
		return licence
	}
	return e.meta[mbtiles.KeyProviders] + ": " + licence
}

// union joins lists, each thing once, in the order of the archives.
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

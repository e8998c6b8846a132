package build

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/ddsdir"
)

// ImportOptions say what is known of the imagery in folders of DDS files, and how they are packed.
type ImportOptions struct {
	Output      string // the archive
	Provider    string // id of the provider that the imagery is from; "": unknown
	Attribution string
	Licence     string
	Free        bool // the licence allows passing the imagery on
	Compression mbtiles.Compression
	DryRun      bool // only find out what would be packed

	Note     func(string)            // receives warnings; nil: none
	Progress func(done, total int64) // bytes of DDS files; may be nil
}

// UnknownLicence is the licence of imagery that nothing is known of.
const UnknownLicence = "unknown"

func (o ImportOptions) note(text string) {
	if o.Note != nil {
		o.Note(text)
	}
}

// Import packs the DDS files in dirs into an archive. With an error the report says what was
// skipped.
func Import(ctx context.Context, dirs []string, o ImportOptions) (ddsdir.Report, error) {
	found, err := ddsdir.Find(ctx, dirs...)
	if err != nil {
		return ddsdir.Report{}, err
	}
	if o.Free {
		if err := o.checkFree(found); err != nil {
			return ddsdir.Report{}, err
		}
	}
	report := ddsdir.Report{Skipped: found.Skipped, Others: found.Others}
	if len(found.Files) == 0 {
		return report, errors.New("no textures to import (want files such as 23952_33712_BI16.dds)")
	}
	if o.DryRun {
		report.Imported = len(found.Files)
		for _, f := range found.Files {
			report.Bytes += f.Layout.Size()
		}
		return report, nil
	}
	w, err := mbtiles.Create(ctx, o.Output, mbtiles.WriterOptions{QueueBytes: writerQueue})
	if err != nil {
		return ddsdir.Report{}, err
	}
	report, err = ddsdir.Import(ctx, w, found,
		ddsdir.Options{Compression: o.Compression, Provider: o.Provider, Progress: o.Progress})
	if err == nil {
		err = w.Finish(ctx, map[string]string{
			mbtiles.KeySources: terms.Sources{o.source()}.String()})
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return ddsdir.Report{}, err // the same command goes on, and lists what is skipped
	}
	return report, nil
}

// checkFree compares --redistributable with the catalogue's terms of the provider, and of the
// providers that the names suggest.
func (o ImportOptions) checkFree(found ddsdir.Files) error {
	known, err := imagery.Catalogue()
	if err != nil {
		return err
	}
	if p, ok := known.Find(o.Provider); ok && !p.Terms.MayPassOn() {
		return usage.Errorf("--redistributable: the licence of %s does not allow passing its "+
			"imagery on (%s): leave out --redistributable, or name the provider that the imagery "+
			"is from", p.ID, p.Licence)
	}
	count := make(map[string]int)
	for _, f := range found.Files {
		count[strings.ToUpper(f.Texture.Maptype)]++
	}
	for _, code := range slices.Sorted(maps.Keys(count)) {
		if p, ok := known.Find(code); ok && !p.Terms.MayPassOn() {
			o.note(fmt.Sprintf("--redistributable: %s named %s, the maptype of %s, whose "+
				"licence does not allow passing its imagery on (%s)",
				units.Plural(count[code], "texture"), code, p.ID, p.Licence))
		}
	}
	return nil
}

// source is what the flags and the catalogue say of the imagery.
func (o ImportOptions) source() terms.Source {
	s := terms.Source{Licence: o.Licence, Terms: terms.Of(o.Licence)}
	// a file of the user's that cannot be read is no reason not to import
	if known, err := imagery.Catalogue(); err == nil {
		if p, ok := known.Find(o.Provider); ok {
			described := p.Source(time.Now().Year())
			if o.Licence != UnknownLicence {
				described.Licence, described.Terms = s.Licence, s.Terms
			}
			s = described
		}
	}
	s.ID = o.Provider
	if o.Attribution != "" {
		s.Attribution = o.Attribution
	}
	switch {
	case o.Free:
		s.Terms.Redistribution = terms.Yes
	case s.Terms.Redistribution == terms.Yes:
		// nobody has said that the imagery is what its name says
		s.Terms.Redistribution = terms.Unknown
	}
	return s
}

package main

import (
	"context"
	"io"

	"github.com/paulmach/orb"
	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/compare"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/mosaic"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// providersOptions are the flags of providers.
type providersOptions struct {
	Check, At, BBox, Route, Output string
	Compare                        []string
	JSON                           bool
}

// defaultAt is where a chunk is tried if the provider may have one there.
var defaultAt = orb.Point{7.1, 43.6}

func newProvidersCommand() *cobra.Command {
	var o providersOptions
	cmd := &cobra.Command{
		Use:   "providers",
		Short: "List the imagery providers, or try one",
		Long: `Lists the mosaics and imagery providers that xelpack knows, one per line: id, maptype, zoom levels,
coverage, licence, whether archives may be passed on, rate limits, and terms of service.
With a place (--at, --bbox or --route) it lists those that have imagery there, with zoom
level and coverage. Those of ~/.config/xelpack/providers.toml and of Ortho4XP (*.lay, or
its whole folder Providers, beside it) come first; files that cannot be used are listed
with the reason. --check fetches one chunk of a provider and prints what came: the
picture's size, format and age. --compare draws the place as two of them have it.`,
		Example: "  xelpack providers --at 46.2,6.1\n  xelpack providers --route flight.fms " +
			"--json\n  xelpack providers --check eox --at 43.6,7.1\n" +
			"  xelpack providers --compare eox,ign --at 43.6,7.1 -o both.png",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			stdout, stderr := cmd.OutOrStdout(), cmd.ErrOrStderr()
			finder, err := imagery.Finder()
			if err != nil {
				return err
			}
			known := finder.Catalogue()
			at, err := providers.PlaceOf(o.At, o.BBox, o.Route, notes(stderr))
			if err != nil {
				return err
			}
			if o.Check != "" {
				return o.check(cmd.Context(), known, at, stdout, stderr)
			}
			if cmd.Flags().Changed("compare") {
				return o.compare(cmd.Context(), finder, at, stdout, stderr)
			}
			mosaics := finder.Mosaics(notes(stderr))
			return report.Write(stdout, o.JSON, known.Rows(at, mosaics), func(w io.Writer) error {
				return known.WriteText(w, at, mosaics, notes(stderr))
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Check, "check", "", "fetch one chunk of the provider `ID`, URL template or file")
	f.StringSliceVar(&o.Compare, "compare", nil, "draw the place as providers `A,B` have it")
	f.StringVarP(&o.Output, "output", "o", "", "write the picture of --compare to `FILE.png`")
	f.StringVar(&o.At, "at", "",
		"list providers with imagery at `LAT,LON` (--check: the place to fetch; default: a place "+
			"where the provider has imagery)")
	f.StringVar(&o.BBox, "bbox", "", "list providers with imagery in the area `W,S,E,N` in degrees")
	f.StringVar(&o.Route, "route", "", "list providers with imagery along a flight plan `FILE`")
	f.BoolVar(&o.JSON, "json", false, "print JSON")
	cmd.MarkFlagsMutuallyExclusive("check", "compare")
	return cmd
}

// check fetches one chunk, at the deepest zoom level up to 14: at the given place, or else where
// the provider has imagery.
func (o providersOptions) check(ctx context.Context, known *providers.Catalogue,
	at *providers.Place, w, stderr io.Writer) error {
	p, err := known.Lookup(o.Check)
	if err != nil {
		return usage.Errorf("--check: %w", err)
	}
	imagery.Notes(p, notes(stderr))
	point := p.Somewhere(defaultAt)
	if at != nil {
		point = at.Middle()
	}
	trial, err := imagery.Try(ctx, known, p, point)
	if err != nil {
		return err
	}
	return report.Line(w, o.JSON, trial, "%s: %s", p.ID, trial)
}

// compare draws the middle of the place.
func (o providersOptions) compare(ctx context.Context, finder *mosaic.Finder, at *providers.Place,
	w, stderr io.Writer) error {
	if err := compare.Check(o.Compare, at != nil, o.Output); err != nil {
		return err
	}
	var of [2]fetch.Provider
	for i, name := range o.Compare {
		p, err := finder.Lookup(name)
		if err != nil {
			return usage.Errorf("--compare: %w", err)
		}
		imagery.Notes(p, notes(stderr))
		of[i] = p
	}
	sides, err := compare.Draw(ctx, of, at.Middle(), o.Output, notes(stderr))
	if err != nil {
		return err
	}
	return report.Line(w, o.JSON, sides, "%s: left %s, right %s, ZL%d; without imagery %d and %d of "+
		"%d chunks, enlarged %d and %d", o.Output, sides[0].Provider, sides[1].Provider, sides[0].ZL,
		sides[0].Missing+sides[0].Failed, sides[1].Missing+sides[1].Failed, sides[0].Chunks,
		sides[0].Enlarged, sides[1].Enlarged)
}

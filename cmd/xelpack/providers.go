package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/paulmach/orb"
	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/providers"
)

// providersOptions are the flags of providers.
type providersOptions struct {
	Check, At, BBox, Route string
	JSON                   bool
}

// defaultAt is where a chunk is tried if the provider may have one there.
var defaultAt = orb.Point{7.1, 43.6}

func newProvidersCommand() *cobra.Command {
	var o providersOptions
	cmd := &cobra.Command{
		Use:   "providers",
		Short: "List the imagery providers, or try one",
		Long: `Lists the imagery providers that xelpack knows, one per line: id, maptype, zoom levels,
coverage, licence, whether archives may be passed on, rate limits, and terms of service.
With a place (--at, --bbox or --route) it lists those that have imagery there, with zoom
level and coverage. Those of ~/.config/xelpack/providers.toml and of Ortho4XP (*.lay, or
its whole folder Providers, beside it) come first; files that cannot be used are listed
with the reason. --check fetches one chunk of a provider and prints what came: the
picture's size, format and age.`,
		Example: "  xelpack providers --at 46.2,6.1\n  xelpack providers --route flight.fms " +
			"--json\n  xelpack providers --check eox --at 43.6,7.1",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			stdout, stderr := cmd.OutOrStdout(), cmd.ErrOrStderr()
			known, err := imagery.Catalogue()
			if err != nil {
				return err
			}
			at, err := o.place(stderr)
			switch {
			case err != nil:
				return err
			case o.Check != "":
				return o.check(cmd.Context(), known, at, stdout, stderr)
			case o.JSON:
				return json.NewEncoder(stdout).Encode(providerRows(known, at))
			}
			return listProviders(stdout, stderr, known, at)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Check, "check", "", "fetch one chunk of the provider `ID`, URL template or file")
	f.StringVar(&o.At, "at", "",
		"list providers with imagery at `LAT,LON` (--check: the place to fetch; default: a place "+
			"where the provider has imagery)")
	f.StringVar(&o.BBox, "bbox", "", "list providers with imagery in the area `W,S,E,N` in degrees")
	f.StringVar(&o.Route, "route", "", "list providers with imagery along a flight plan `FILE`")
	f.BoolVar(&o.JSON, "json", false, "print JSON")
	return cmd
}

// refusedRow is a .lay file that cannot be used.
type refusedRow struct {
	Code    string `json:"code"`
	File    string `json:"file"`
	Refused string `json:"refused"` // why
}

func providerRows(known *providers.Catalogue, at *providers.Place) (rows []any) {
	for _, r := range providers.Rows(known.Providers(), at) {
		rows = append(rows, r)
	}
	for _, r := range known.Refused() {
		rows = append(rows, refusedRow{r.Code, r.File, r.Err.Error()})
	}
	return rows
}

func listProviders(stdout, stderr io.Writer, known *providers.Catalogue,
	at *providers.Place) error {
	for _, r := range known.Refused() {
		fmt.Fprintf(stderr, "refused: %s: %v\n", r.File, r.Err)
	}
	t := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	here := "COVERAGE"
	if at != nil {
		here = "OF THIS PLACE\tIMAGERY"
	}
	fmt.Fprintf(t, "ID\tCODE\tZL\t%s\tLICENCE\tPASS ON\tLIMITS\tTHE SERVICE ASKS\n", here)
	for _, r := range providers.Rows(known.Providers(), at) {
		zl, here := fmt.Sprintf("%d-%d", r.MinZL, r.MaxZL), r.Coverage
		if at != nil {
			zl, here = strconv.Itoa(int(r.MaxZL)), r.Part()+"\t"+r.Imagery
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Code, zl, here, r.Licence,
			r.Terms.Words(), r.Limits(), r.ServiceTerms)
		for _, note := range r.Notes {
			fmt.Fprintf(stderr, "note: %s: %s\n", r.File, note)
		}
	}
	return t.Flush()
}

// place reads the flags that name a place; nil if there are none.
func (o providersOptions) place(stderr io.Writer) (*providers.Place, error) {
	var p providers.Place
	var err error
	switch {
	case o.At != "" && (o.BBox != "" || o.Route != "") || o.BBox != "" && o.Route != "":
		return nil, usageErrorf("--at, --bbox and --route cannot be combined")
	case o.At != "":
		if p, err = providers.At(o.At); err != nil {
			return nil, usageErrorf("--at %w", err)
		}
	case o.BBox != "":
		if p, err = providers.Within(o.BBox); err != nil {
			return nil, usageErrorf("--%w", err)
		}
	case o.Route != "":
		var said []string
		if p, said, err = providers.Along(o.Route); err != nil {
			return nil, fmt.Errorf("--route: %w", err)
		}
		for _, note := range said {
			fmt.Fprintf(stderr, "%s: %s\n", o.Route, note)
		}
	default:
		return nil, nil
	}
	return &p, nil
}

// check fetches one chunk, at the deepest zoom level up to 14: where the provider has
// imagery, unless it is said where.
func (o providersOptions) check(ctx context.Context, known *providers.Catalogue,
	at *providers.Place, w, stderr io.Writer) error {
	p, err := known.Lookup(o.Check)
	if err != nil {
		return usageErrorf("--check: %w", err)
	}
	imagery.Notes(p, notes(stderr))
	point := p.Somewhere(defaultAt)
	if at != nil {
		point = at.Middle()
	}
	trial, err := imagery.Try(ctx, known, p, point)
	switch {
	case err != nil:
		return err
	case o.JSON:
		return json.NewEncoder(w).Encode(trial)
	}
	_, err = fmt.Fprintf(w, "%s: %s\n", p.ID, trial)
	return err
}

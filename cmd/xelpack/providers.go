package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/paulmach/orb"
	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/providers"
)

func newProvidersCommand() *cobra.Command {
	var asJSON bool
	var check, at string
	cmd := &cobra.Command{
		Use:     "providers",
		Short:   "List the imagery providers, or try one",
		Long:    "Lists the imagery providers that xelpack knows: id, maptype, zoom levels, coverage, licence, whether what is built may be passed on, and how much it may be asked. Those of\n~/.config/xelpack/providers.toml and of Ortho4XP (*.lay, or its whole folder Providers, beside it) come first; files that cannot be used are listed with the reason. --check fetches one chunk\nof a provider and says what came.",
		Example: "  xelpack providers --json\n  xelpack providers --check eox --at 43.6,7.1",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			known, err := imagery.Catalogue()
			if err != nil {
				return err
			}
			if check != "" {
				return checkProvider(cmd.Context(), known, check, at, cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(providerRows(known))
			}
			return listProviders(cmd.OutOrStdout(), cmd.ErrOrStderr(), known)
		},
	}
	cmd.Flags().StringVar(&check, "check", "", "fetch one chunk of the provider `ID`, URL template or file")
	cmd.Flags().StringVar(&at, "at", "43.6,7.1", "where to: `LAT,LON`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// providerRow is what the listing says of a provider, or of a file that is refused.
type providerRow struct {
	ID              string `json:"id"`
	Code            string `json:"code"`
	Name            string `json:"name"`
	MinZL           uint8  `json:"min_zl"`
	MaxZL           uint8  `json:"max_zl"`
	Coverage        string `json:"coverage"`
	Licence         string `json:"licence"`
	Attribution     string `json:"attribution"`
	Redistributable bool   `json:"redistributable"`

	Rate        float64 `json:"rate"`        // requests a second at most; 0: as many as it takes
	Concurrency int     `json:"concurrency"` // requests at once at most; 0: as many as --concurrency says

	File  string   `json:"file,omitempty"`
	Notes []string `json:"notes,omitempty"`
}

// refusedRow is a .lay file that cannot be used.
type refusedRow struct {
	Code    string `json:"code"`
	File    string `json:"file"`
	Refused string `json:"refused"` // why
}

func providerRows(known *providers.Catalogue) (rows []any) {
	for _, p := range known.Providers() {
		rows = append(rows, providerRow{
			p.ID, p.Code, p.Name, uint8(p.MinZL), uint8(p.MaxZL), p.Coverage, p.Licence, p.Attribution, p.Redistributable(), p.Rate, p.Concurrency,
			p.File, slices.Concat(p.Notes, p.Ignored),
		})
	}
	for _, r := range known.Refused() {
		rows = append(rows, refusedRow{r.Code, r.File, r.Err.Error()})
	}
	return rows
}

func listProviders(stdout, stderr io.Writer, known *providers.Catalogue) error {
	for _, r := range known.Refused() {
		fmt.Fprintf(stderr, "refused: %s: %v\n", r.File, r.Err)
	}
	t := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tCODE\tZL\tCOVERAGE\tLICENCE\tPASS ON\tLIMITS")
	for _, p := range known.Providers() {
		may := "no"
		if p.Redistributable() {
			may = "yes"
		}
		fmt.Fprintf(t, "%s\t%s\t%d-%d\t%s\t%s\t%s\t%s\n", p.ID, p.Code, p.MinZL, p.MaxZL, p.Coverage, p.Licence, may, limits(p.Rate, p.Concurrency))
		for _, note := range slices.Concat(p.Notes, p.Ignored) {
			fmt.Fprintf(stderr, "note: %s: %s\n", p.File, note)
		}
	}
	return t.Flush()
}

// limits says what a provider may be asked at most, in words.
func limits(rate float64, concurrency int) string {
	var words []string
	if rate > 0 {
		words = append(words, strconv.FormatFloat(rate, 'g', 4, 64)+"/s")
	}
	if concurrency > 0 {
		words = append(words, strconv.Itoa(concurrency)+" at once")
	}
	return cmp.Or(strings.Join(words, ", "), "found out")
}

// checkProvider fetches one chunk, at the deepest zoom level up to 14.
func checkProvider(ctx context.Context, known *providers.Catalogue, name, at string, w, stderr io.Writer) error {
	var lat, lon float64
	if n, err := fmt.Sscanf(at, "%f,%f", &lat, &lon); n != 2 || err != nil || !(math.Abs(lat) < 85) || !(math.Abs(lon) < 180) {
		return usageErrorf("--at %q: want LAT,LON in degrees", at)
	}
	p, err := known.Lookup(name)
	if err != nil {
		return usageErrorf("--check: %w", err)
	}
	imagery.Notes(p, notes(stderr))
	said, err := imagery.Try(ctx, known, p, orb.Point{lon, lat})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s: %s\n", p.ID, said)
	return err
}

package providers

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/xelpack/xelpack/internal/usage"
)

// refusedRow is a .lay file that cannot be used.
type refusedRow struct {
	Code    string `json:"code"`
	File    string `json:"file"`
	Refused string `json:"refused"` // why
}

// Rows lists mosaics and the providers, with a place those that have imagery there, and the files
// that cannot be used.
func (c *Catalogue) Rows(at *Place, mosaics []Provider) (rows []any) {
	for _, r := range Rows(slices.Concat(mosaics, c.Providers()), at) {
		rows = append(rows, r)
	}
	for _, r := range c.Refused() {
		rows = append(rows, refusedRow{r.Code, r.File, r.Err.Error()})
	}
	return rows
}

// fewSources of a mosaic are named.
const fewSources = 4

// WriteText writes the list for people.
func (c *Catalogue) WriteText(w io.Writer, at *Place, mosaics []Provider, note func(string)) error {
	for _, r := range c.Refused() {
		note(fmt.Sprintf("refused: %s: %v", r.File, r.Err))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	here := "COVERAGE"
	if at != nil {
		here = "OF THIS PLACE\tIMAGERY"
	}
	fmt.Fprintf(t, "ID\tCODE\tZL\t%s\tLICENCE\tPASS ON\tLIMITS\tTHE SERVICE ASKS\n", here)
	for _, r := range Rows(slices.Concat(mosaics, c.Providers()), at) {
		zl, here := fmt.Sprintf("%d-%d", r.MinZL, r.MaxZL), r.Coverage
		if n := len(r.Sources); n > 0 {
			here, r.Licence = "a mosaic of "+strings.Join(r.Sources, ", "), "of each source"
			if n > fewSources {
				here = fmt.Sprintf("a mosaic of %d providers", n)
			}
			r.Imagery = here
		}
		if at != nil {
			zl, here = strconv.Itoa(int(r.MaxZL)), r.Part()+"\t"+r.Imagery
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Code, zl, here, r.Licence,
			r.Terms.Words(), r.Limits(), r.ServiceTerms)
		for _, text := range r.Notes {
			note(fmt.Sprintf("note: %s: %s", r.File, text))
		}
	}
	return t.Flush()
}

// PlaceOf reads what names a place, of which there may be one; nil if there is none.
func PlaceOf(at, bbox, route string, note func(string)) (*Place, error) {
	var p Place
	var err error
	switch {
	case at != "" && (bbox != "" || route != "") || bbox != "" && route != "":
		return nil, usage.Errorf("--at, --bbox and --route cannot be combined")
	case at != "":
		if p, err = At(at); err != nil {
			return nil, usage.Errorf("--at %w", err)
		}
	case bbox != "":
		if p, err = Within(bbox); err != nil {
			return nil, usage.Errorf("--%w", err)
		}
	case route != "":
		var said []string
		if p, said, err = Along(route); err != nil {
			return nil, fmt.Errorf("--route: %w", err)
		}
		for _, text := range said {
			note(fmt.Sprintf("%s: %s", route, text))
		}
	default:
		return nil, nil
	}
	return &p, nil
}

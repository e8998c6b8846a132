package providers

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/internal/terms"
)

// Row is a provider in a listing. Scripts rely on its JSON.
type Row struct {
	ID              string      `json:"id"`
	Code            string      `json:"code"`
	Name            string      `json:"name"`
	MinZL           uint8       `json:"min_zl"`
	MaxZL           uint8       `json:"max_zl"`
	Coverage        string      `json:"coverage"`
	Share           *float64    `json:"share,omitempty"` // of the place given
	Imagery         string      `json:"imagery,omitempty"`
	Licence         string      `json:"licence"`
	Attribution     string      `json:"attribution"`
	Redistributable bool        `json:"redistributable"`
	Terms           terms.Terms `json:"terms"`
	Remark          string      `json:"remark,omitempty"`
	ServiceTerms    string      `json:"service_terms,omitempty"`

	// requests a second at most; 0: as many as it accepts
	Rate         float64 `json:"rate"`
	Concurrency  int     `json:"concurrency"`    // requests at once at most; 0: --concurrency
	RequestsADay int     `json:"requests_a_day"` // at most; 0: no limit
	Key          bool    `json:"key"`            // it requires an API token

	Sources []string `json:"sources,omitempty"` // of a mosaic, in order; with a place those there

	File  string   `json:"file,omitempty"`
	Notes []string `json:"notes,omitempty"`
}

// Rows describes providers, in order; with a place those that cover some of it, except the invented
// one: redistributable ones first, then the deepest.
func Rows(list []Provider, at *Place) (rows []Row) {
	for _, p := range list {
		t, err := parseTemplate(p.Template)
		r := Row{
			ID: p.ID, Code: p.Code, Name: p.Name, MinZL: uint8(p.MinZL), MaxZL: uint8(
				p.MaxZL), Coverage: p.Coverage, Imagery: p.Imagery,
			Licence: p.Licence, Attribution: p.Attribution, Redistributable: p.Terms.MayPassOn(), Terms: p.Terms, Remark: p.Remark,
			ServiceTerms: p.ServiceTerms, Rate: p.Rate, Concurrency: p.Concurrency, RequestsADay: p.RequestsADay, Key: err == nil && t.token,
			File: p.File, Notes: slices.Concat(p.Notes, p.Ignored),
		}
		if len(p.Layers) > 0 {
			if !r.mosaic(p.Layers, at) {
				continue
			}
			rows = append(rows, r)
			continue
		}
		if at != nil {
			share := p.Share(*at)
			if share == 0 || p.ID == SampleID {
				continue
			}
			r.Share = &share
		}
		rows = append(rows, r)
	}
	if at != nil {
		first := func(r Row) int {
			if r.Redistributable {
				return 0
			}
			return 1
		}
		slices.SortStableFunc(rows, func(a, b Row) int {
			return cmp.Or(cmp.Compare(first(a), first(b)), cmp.Compare(b.MaxZL, a.MaxZL))
		})
	}
	return rows
}

// mosaic describes a mosaic by its sources, with a place by those that are there. It reports
// whether there are any.
func (r *Row) mosaic(layers []Layer, at *Place) bool {
	r.MinZL, r.MaxZL = uint8(layers[0].MinZL), 0
	for _, l := range layers {
		if at != nil && l.Share(*at) == 0 {
			continue
		}
		r.MinZL, r.MaxZL = min(r.MinZL, uint8(l.MinZL)), max(r.MaxZL, uint8(l.MaxZL))
		if !slices.Contains(r.Sources, l.ID) {
			r.Sources = append(r.Sources, l.ID)
		}
	}
	return len(r.Sources) > 0
}

// Limits describes the request limits of the provider.
func (r Row) Limits() string {
	if len(r.Sources) > 0 {
		return "of each source"
	}
	var words []string
	if r.Rate > 0 {
		words = append(words, strconv.FormatFloat(r.Rate, 'g', 4, 64)+"/s")
	}
	if r.Concurrency > 0 {
		words = append(words, strconv.Itoa(r.Concurrency)+" at once")
	}
	if r.RequestsADay > 0 {
		words = append(words, strconv.Itoa(r.RequestsADay)+" a day")
	}
	if r.Key {
		words = append(words, "key")
	}
	return cmp.Or(strings.Join(words, ", "), "found out")
}

// Part describes what part of the place the provider covers.
func (r Row) Part() string {
	switch {
	case r.Share == nil:
		return "mosaic" // whose outlines say what part it has
	case *r.Share < 0.01:
		return "<1 %"
	case *r.Share < 1:
		return strconv.Itoa(min(99, int(*r.Share*100+0.5))) + " %"
	}
	return "all"
}

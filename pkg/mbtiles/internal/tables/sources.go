package tables

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/terms"
)

// SourcesOf returns what metadata says of the providers that imagery is of. Before archives listed
// them, only what all had in common was said.
func SourcesOf(meta map[string]string) (terms.Sources, error) {
	if text, ok := meta[KeySources]; ok {
		list, err := terms.ParseSources(text)
		if err != nil {
			return nil, sqlite.Corrupt("metadata %q: %v", KeySources, err)
		}
		return list, nil
	}
	licence, attribution, free := meta[KeyLicence], meta["attribution"], meta[KeyRedistributable]
	if licence+attribution+free+meta[KeyProviders] == "" {
		return nil, nil
	}
	var list terms.Sources
	for id := range strings.SplitSeq(meta[KeyProviders], ",") {
		s := terms.Source{ID: strings.TrimSpace(id), Licence: licenceOf(id, licence),
			Attribution: attribution}
		s.Terms = terms.Of(s.Licence)
		switch free {
		case "true":
			s.Terms.Redistribution = terms.Yes
		case "false":
			s.Terms.Redistribution = terms.No
		}
		list = append(list, s)
	}
	return list, nil
}

// licenceOf finds the provider's line of the licences, each of which begins with the providers that
// it is of, if there are several.
func licenceOf(id, licences string) string {
	for line := range strings.SplitSeq(licences, "\n") {
		ids, licence, ok := strings.Cut(line, ": ")
		if ok && strings.Contains(","+ids+",", ","+id+",") {
			return licence
		}
	}
	return licences
}

// DescribeSources has the rows say which sources the archive's textures are of, how much of each,
// and what follows from their terms. old is what the archive says already; c is where its textures
// are. The result is empty if neither lists any.
func DescribeSources(ctx context.Context, c *sqlite.Conn, rows, old map[string]string) error {
	if rows[KeySources] == "" && old[KeySources] == "" {
		return nil
	}
	before, err := SourcesOf(old)
	if err != nil {
		return err
	}
	list, err := SourcesOf(rows)
	if err != nil {
		return err
	}
	used, err := countSources(ctx, c)
	if err != nil {
		return err
	}
	if list = list.And(before).Counted(used); len(list) == 0 {
		return nil
	}
	rows[KeySources] = list.String()
	rows[KeyProviders] = list.Lines(",", func(s terms.Source) string { return s.ID })
	if credits := list.Lines(" | ", terms.Source.Credit); credits != "" {
		rows["attribution"] = credits
	}
	rows[KeyRedistributable] = strconv.FormatBool(list.Terms().MayPassOn())
	licence := func(s terms.Source) string { return cmp.Or(s.Licence, "unknown") }
	rows[KeyLicence] = list.Lines("\n", licence)
	if strings.Contains(rows[KeyLicence], "\n") {
		rows[KeyLicence] = list.Lines("\n", func(s terms.Source) string {
			of := list.Lines(",", func(t terms.Source) string {
				if licence(t) == licence(s) {
					return t.ID
				}
				return ""
			})
			return of + ": " + licence(s)
		})
	}
	return nil
}

func countSources(ctx context.Context, c *sqlite.Conn) (terms.Tally, error) {
	t := terms.Tally{}
	err := c.Query(ctx, `SELECT provider, count(*), sum(chunks) FROM textures GROUP BY provider`,
		func(r *sqlite.Row) error {
			provider, sources, captured := SplitProvider(r.Text(0))
			n := int(r.Int(1))
			if sources == "" {
				t.Add(terms.Use{provider: int(r.Int(2))}, n, captured)
				return nil
			}
			use, err := terms.ParseUse(sources)
			for id := range use {
				use[id] *= n
			}
			t.Add(use, n, captured)
			return err
		})
	return t, err
}

// SplitProvider reads what a row of textures says of its provider, which is followed by a colon and
// its sources if it is a mosaic, and by a semicolon and the days on which the pictures were taken,
// if these are known. Ids of providers that are addresses have colons, too.
func SplitProvider(text string) (provider, sources string, captured terms.Days) {
	if at := strings.LastIndexByte(text, ';'); at >= 0 {
		if days, err := terms.ParseDays(text[at+1:]); err == nil {
			text, captured = text[:at], days
		}
	}
	provider, sources, ok := strings.Cut(text, ":")
	if _, err := terms.ParseUse(sources); !ok || provider == "" || err != nil {
		return text, "", captured
	}
	return provider, sources, captured
}

// JoinProvider writes what SplitProvider reads.
func JoinProvider(provider, sources string, captured terms.Days) string {
	if sources != "" {
		provider += ":" + sources
	}
	if captured != (terms.Days{}) {
		provider += ";" + captured.String()
	}
	return provider
}

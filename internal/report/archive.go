package report

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// Info describes an archive. It takes what it has said out of the metadata of i.
func Info(w io.Writer, i mbtiles.Info, asJSON bool) error {
	p := plan.PurposeOf(i)
	return Write(w, asJSON, struct {
		mbtiles.Info
		Plan plan.Purpose `json:"plan"`
	}{i, p}, func(w io.Writer) error { return infoText(w, i, p) })
}

func infoText(w io.Writer, i mbtiles.Info, p plan.Purpose) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "state       %s\n", i.State)
	if i.Digest != "" {
		fmt.Fprintf(b, "digest      %s\n", i.Digest)
	}
	fmt.Fprintf(b, "format      %d\n", i.Format)
	if i.Root != "" {
		fmt.Fprintf(b, "root        %s\n", i.Root)
	}
	fmt.Fprintf(b, "textures    %s, %s of DDS in a file of %s\n", units.Count(i.Textures),
		units.Bytes(i.Bytes), units.Bytes(i.FileBytes))
	fmt.Fprintf(b, "distinct    %s\nholes       %s\n", units.Count(i.Contents),
		units.Holes(i.Holes, i.Failed))
	counts(b, "ZL%-8d", i.ByZL)
	counts(b, "%-10s", i.ByFormat)
	counts(b, "detail %-3d", i.ByDetail)
	for _, row := range [...]struct{ name, text string }{
		{"route", strings.Join(p.Routes, ", ")}, {"way", p.Way},
		{"area", strings.Join(p.Area, "; ")},
		{"scenery", strings.Join(p.Scenery, ", ")}, {"built", p.Built},
		{"look", i.Metadata[mbtiles.KeyLook]},
	} {
		if row.text != "" {
			fmt.Fprintf(b, "%-11s %s\n", row.name, row.text)
		}
	}
	sourcesText(b, i)
	delete(i.Metadata, plan.KeyPurpose)
	delete(i.Metadata, mbtiles.KeySources)
	delete(i.Metadata, mbtiles.KeyLook)
	for _, name := range slices.Sorted(maps.Keys(i.Metadata)) {
		fmt.Fprintf(b, "%s: %s\n", name, strings.ReplaceAll(i.Metadata[name], "\n", " "))
	}
	return b.Flush()
}

// counts writes how many textures there are of each kind.
func counts[K cmp.Ordered](w io.Writer, format string, of map[K]int) {
	for _, kind := range slices.Sorted(maps.Keys(of)) {
		fmt.Fprintf(w, "  "+format+"%s\n", kind, units.Count(of[kind]))
	}
}

// sourcesText says what the imagery is of, how it wants to be named, and what may be done with the
// whole.
func sourcesText(w io.Writer, i mbtiles.Info) {
	for n, s := range i.Sources {
		name := "sources"
		if n > 0 {
			name = ""
		}
		count := ""
		if i.Metadata[mbtiles.KeySources] != "" {
			count = fmt.Sprintf(": %s of %s%s", units.Plural(s.Chunks, "chunk"),
				units.Plural(s.Textures, "texture"), s.Taken())
		}
		fmt.Fprintf(w, "%-11s %s%s\n", name, cmp.Or(s.ID, "not named"), count)
		if credit := s.Credit(); credit != "" {
			fmt.Fprintf(w, "  %-9s %s\n", "", credit)
		}
	}
	if len(i.Sources) > 0 {
		fmt.Fprintf(w, "pass on     %s\n", i.Terms.Words())
	}
}

// List lists the textures of an archive, a line or a JSON object each.
func List(ctx context.Context, w io.Writer, a *mbtiles.Archive, asJSON bool) error {
	info, err := a.Info(ctx)
	if err != nil {
		return err
	}
	// A line for people needs a texture's record only for these. The days of a texture of several
	// sources are not those of a source.
	recorded := asJSON || info.Holes > 0 || len(info.Sources) > 1 || slices.ContainsFunc(info.Sources,
		func(s terms.Source) bool { return s.Captured != nil })
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	for e := range a.All() {
		r := mbtiles.Record{Texture: e.Texture, Detail: e.Detail, Layout: e.Layout}
		if recorded {
			if r, err = a.Record(ctx, e); err != nil {
				return err
			}
		}
		if !asJSON {
			textureText(b, r)
			continue
		}
		row, err := textureRow(r)
		if err != nil {
			return err
		}
		if err := enc.Encode(row); err != nil {
			return err
		}
	}
	return b.Flush()
}

func textureText(w io.Writer, r mbtiles.Record) {
	fmt.Fprintf(w, "%s %d k%d", r.File(), r.Layout.Size(), r.Detail)
	if r.Failed > 0 {
		fmt.Fprintf(w, " hole: %d of %d chunks failed", r.Failed, r.Chunks)
	}
	if r.Captured != (terms.Days{}) {
		fmt.Fprintf(w, " taken %s", r.Captured.Words())
	}
	fmt.Fprintln(w)
}

func textureRow(r mbtiles.Record) (row map[string]any, err error) {
	row = map[string]any{
		"file": r.File(), "row": r.Row, "col": r.Col, "maptype": r.Maptype, "zl": r.ZL,
		"k":      r.Detail,
		"format": r.Layout.Format.String(), "side": r.Layout.Side, "bytes": r.Layout.Size(),
		"sha256": fmt.Sprintf("%x", r.SHA256),
		"chunks": r.Chunks, "overzoomed": r.Overzoomed, "missing": r.Missing,
		"failed": r.Failed, "provider": r.Provider,
	}
	if r.Sources != "" {
		row["sources"], err = terms.ParseUse(r.Sources)
	}
	if r.Captured != (terms.Days{}) {
		row["captured"] = r.Captured
	}
	return row, err
}

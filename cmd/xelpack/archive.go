package main

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

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// withArchive opens the archive, calls f with it and closes it. A patch is refused.
func withArchive(ctx context.Context, file string, f func(*mbtiles.Archive) error) (err error) {
	return withAny(ctx, file, func(a *mbtiles.Archive) error {
		if err := a.NoPatch(); err != nil {
			return err
		}
		return f(a)
	})
}

// withAny is withArchive of an archive or a patch.
func withAny(ctx context.Context, file string, f func(*mbtiles.Archive) error) (err error) {
	a, err := mbtiles.Open(ctx, file)
	if err != nil {
		return err
	}
	defer func() {
		if errClose := a.Close(); err == nil {
			err = errClose
		}
	}()
	return f(a)
}

func newInfoCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "info ARCHIVE",
		Short: "Describe an archive",
		Long: `Prints an archive's state, digest, textures by zoom level, format and detail, holes, the
plan and time of its build, and metadata. A hole is a texture with chunks that failed. A
.part file is accepted too.`,
		Example: `  xelpack info flight.mbtiles
  xelpack info flight.mbtiles --json | jq -r .digest`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAny(cmd.Context(), args[0], func(a *mbtiles.Archive) error {
				info, err := a.Info(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return json.NewEncoder(cmd.OutOrStdout()).Encode(struct {
						mbtiles.Info
						Plan plan.Purpose `json:"plan"`
					}{info, plan.PurposeOf(info)})
				}
				return printInfo(cmd.OutOrStdout(), info)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printInfo(w io.Writer, i mbtiles.Info) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "state       %s\n", i.State)
	if i.Digest != "" {
		fmt.Fprintf(b, "digest      %s\n", i.Digest)
	}
	fmt.Fprintf(b, "textures    %s, %s of DDS in a file of %s\n", units.Count(i.Textures),
		units.Bytes(i.Bytes), units.Bytes(i.FileBytes))
	fmt.Fprintf(b, "distinct    %s\nholes       %s\n", units.Count(i.Contents),
		units.Holes(i.Holes, i.Failed))
	for _, zl := range slices.Sorted(maps.Keys(i.ByZL)) {
		fmt.Fprintf(b, "  ZL%-8d%s\n", zl, units.Count(i.ByZL[zl]))
	}
	for _, format := range slices.Sorted(maps.Keys(i.ByFormat)) {
		fmt.Fprintf(b, "  %-10s%s\n", format, units.Count(i.ByFormat[format]))
	}
	for _, k := range slices.Sorted(maps.Keys(i.ByDetail)) {
		fmt.Fprintf(b, "  detail %-3d%s\n", k, units.Count(i.ByDetail[k]))
	}
	p := plan.PurposeOf(i)
	for _, row := range [...]struct{ name, text string }{
		{"route", strings.Join(p.Routes, ", ")}, {"way", p.Way},
		{"area", strings.Join(p.Area, "; ")},
		{"scenery", strings.Join(p.Scenery, ", ")}, {"built", p.Built},
	} {
		if row.text != "" {
			fmt.Fprintf(b, "%-11s %s\n", row.name, row.text)
		}
	}
	printSources(b, i)
	delete(i.Metadata, plan.KeyPurpose)
	delete(i.Metadata, mbtiles.KeySources)
	for _, name := range slices.Sorted(maps.Keys(i.Metadata)) {
		fmt.Fprintf(b, "%s: %s\n", name, strings.ReplaceAll(i.Metadata[name], "\n", " "))
	}
	return b.Flush()
}

// printSources says what the imagery is of, how it wants to be named, and what may be done with the
// whole.
func printSources(w io.Writer, i mbtiles.Info) {
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

func newListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ls ARCHIVE",
		Short: "List the textures of an archive",
		Long: `Lists the textures of an archive, one per line: file name, bytes, detail, for a hole the
number of failed chunks, and when the pictures were taken if the provider tells. With
--json one object per line, with row, col, maptype, zl, k, format, side, bytes, sha256,
chunks, overzoomed, missing, failed and provider; sources for a mosaic, and captured
(oldest and newest) where it is known.`,
		Example: "  xelpack ls flight.mbtiles | wc -l",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAny(cmd.Context(), args[0], func(a *mbtiles.Archive) error {
				return list(cmd.Context(), a, cmd.OutOrStdout(), asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per line")
	return cmd
}

func list(ctx context.Context, a *mbtiles.Archive, w io.Writer, asJSON bool) error {
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	info, err := a.Info(ctx)
	if err != nil {
		return err
	}
	dated := slices.ContainsFunc(info.Sources,
		func(s terms.Source) bool { return s.Captured != nil })
	for e := range a.All() {
		var r mbtiles.Record
		if asJSON || info.Holes > 0 || dated {
			if r, err = a.Record(ctx, e); err != nil {
				return err
			}
		}
		if !asJSON {
			fmt.Fprintf(b, "%s %d k%d", e.Texture.File(), e.Layout.Size(), e.Detail)
			if r.Failed > 0 {
				fmt.Fprintf(b, " hole: %d of %d chunks failed", r.Failed, r.Chunks)
			}
			if r.Captured != (terms.Days{}) {
				fmt.Fprintf(b, " taken %s", r.Captured.Words())
			}
			fmt.Fprintln(b)
			continue
		}
		row := map[string]any{
			"file": r.File(), "row": r.Row, "col": r.Col, "maptype": r.Maptype, "zl": r.ZL,
			"k":      r.Detail,
			"format": r.Layout.Format.String(), "side": r.Layout.Side, "bytes": r.Layout.Size(),
			"sha256": fmt.Sprintf("%x", r.SHA256),
			"chunks": r.Chunks, "overzoomed": r.Overzoomed, "missing": r.Missing,
			"failed": r.Failed, "provider": r.Provider,
		}
		if r.Sources != "" {
			if row["sources"], err = terms.ParseUse(r.Sources); err != nil {
				return err
			}
		}
		if r.Captured != (terms.Days{}) {
			row["captured"] = r.Captured
		}
		if err := enc.Encode(row); err != nil {
			return err
		}
	}
	return b.Flush()
}

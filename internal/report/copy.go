package report

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/combine"
)

// Picked is the report of a copy of the textures that were picked.
type Picked struct {
	mbtiles.CopyReport
	Notes []string `json:"notes,omitempty"` // what was guessed in picking them
}

// Made describes a new archive.
func Made(r mbtiles.CopyReport) string {
	return fmt.Sprintf("%s in %s, digest %s", units.Plural(r.Textures, "texture"),
		units.Bytes(r.FileBytes), r.Digest)
}

// Would reports how much of an archive a copy would keep, and what it would fetch for that, if it
// is remote.
func Would(w io.Writer, a *mbtiles.Archive, keep func(mbtiles.Entry) bool, notes []string,
	fetch *mbtiles.ToFetch, asJSON bool) error {
	would := struct {
		Textures int   `json:"textures"`
		Of       int   `json:"of"`
		Bytes    int64 `json:"bytes"` // of DDS
		*mbtiles.ToFetch
		Notes []string `json:"notes,omitempty"`
	}{Of: a.Len(), Notes: notes, ToFetch: fetch}
	for e := range a.Those(keep) {
		would.Textures++
		would.Bytes += e.Layout.Size()
	}
	return Line(w, asJSON, would, "would hold %s of %s, %s of DDS",
		units.Plural(would.Textures, "texture"), units.Count(would.Of), units.Bytes(would.Bytes))
}

// ToFetch says how much a copy of part of a remote archive fetches, and what may be done with it.
func ToFetch(ctx context.Context, w io.Writer, a *mbtiles.Archive, fetch *mbtiles.ToFetch) error {
	meta, err := a.Metadata(ctx)
	if err != nil {
		return err
	}
	sources, err := mbtiles.SourcesOf(meta)
	if err != nil {
		return err
	}
	known := ""
	if fetch.Known > 0 {
		known = fmt.Sprintf("; %s here already", units.Plural(fetch.Known, "texture"))
	}
	_, err = fmt.Fprintf(w, "%s: about %s to fetch%s\npass on: %s\n", words.Line(a.Path()),
		units.Bytes(fetch.Bytes), known, sources.Terms().Words())
	return err
}

// Unpruned reports that an archive stays unchanged.
func Unpruned(ctx context.Context, w io.Writer, a *mbtiles.Archive, file string,
	asJSON bool) error {
	info, err := a.Info(ctx)
	if err != nil {
		return err
	}
	return Line(w, asJSON, mbtiles.CopyReport{
		Path: file, Digest: info.Digest, Textures: info.Textures, Contents: info.Contents,
		Bytes: info.Bytes, FileBytes: info.FileBytes,
	}, "%s: nothing to remove", words.Line(file))
}

// WouldMerge reports what a merge would take from which archive.
func WouldMerge(w io.Writer, r combine.MergeReport, asJSON bool) error {
	return Line(w, asJSON, r, "would hold %s, %s of DDS%s",
		units.Plural(r.Textures, "texture"), units.Bytes(r.Bytes), taken(r))
}

// Merged describes a merged archive, and what is from which archive.
func Merged(r combine.MergeReport) string { return Made(r.CopyReport) + taken(r) }

// taken describes each input on a line of its own.
func taken(r combine.MergeReport) string {
	var s strings.Builder
	for _, in := range r.Inputs {
		fmt.Fprintf(&s, "\n  %s of %s from %s", units.Count(in.Taken), units.Count(in.Textures),
			words.Line(in.Path))
	}
	return s.String()
}

// Differences lists what differs between two archives.
func Differences(w io.Writer, d combine.Difference, asJSON bool) error {
	return Write(w, asJSON, d, func(w io.Writer) error {
		b := bufio.NewWriter(w)
		for _, c := range d.Changes {
			fmt.Fprintf(b, "%-8s %s\n", c.Kind, c.Texture)
		}
		fmt.Fprintf(b, "%s added, %s removed, %s changed, %s recorded differently\n",
			units.Count(d.Count(combine.Added)), units.Count(d.Count(combine.Removed)),
			units.Count(d.Count(combine.Changed)), units.Count(d.Count(combine.Recorded)))
		return b.Flush()
	})
}

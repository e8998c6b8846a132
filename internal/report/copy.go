package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/xelpack/xelpack/internal/units"
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

// Would reports how much of an archive a copy would keep.
func Would(w io.Writer, a *mbtiles.Archive, keep func(mbtiles.Entry) bool, notes []string,
	asJSON bool) error {
	would := struct {
		Textures int      `json:"textures"`
		Of       int      `json:"of"`
		Bytes    int64    `json:"bytes"` // of DDS
		Notes    []string `json:"notes,omitempty"`
	}{Of: a.Len(), Notes: notes}
	for e := range a.All() {
		if keep(e) {
			would.Textures++
			would.Bytes += e.Layout.Size()
		}
	}
	return Line(w, asJSON, would, "would hold %s of %s, %s of DDS",
		units.Plural(would.Textures, "texture"), units.Count(would.Of), units.Bytes(would.Bytes))
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
			in.Path)
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

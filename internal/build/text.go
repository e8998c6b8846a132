package build

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles/ddsdir"
)

// WriteReport writes the report of a build or a repair of file for people.
func WriteReport(w io.Writer, file string, r pack.Report) error {
	elapsed := time.Duration(r.ElapsedSeconds * float64(time.Second))
	stored := units.Bytes(r.BytesStored) + " stored"
	if info, err := os.Stat(file); err == nil && r.State != pack.StateInterrupted {
		// with previews and earlier textures
		stored += " in an archive of " + units.Bytes(info.Size())
	}
	_, err := fmt.Fprintf(w, "%s: %s: built %s of %s (%s there already), chunks: %s ok, %s "+
		"without imagery, %s failed\n%s, %s again, %s downloaded, %s, in %s\n",
		words.Line(file), r.State, units.Count(r.Built), units.Plural(r.Textures,
			"texture"), units.Count(r.Skipped),
		units.Count(r.Chunks.OK), units.Count(r.Chunks.NoImagery), units.Count(r.Chunks.Failed),
		units.Plural(r.Requests, "request"), units.Count(r.Retries), units.Bytes(
			r.BytesDownloaded), stored, units.Duration(elapsed))
	if err == nil && r.Holes > 0 {
		_, err = fmt.Fprintf(w, "holes: %s\n", units.Holes(r.Holes, r.FailedChunks))
	}
	for _, c := range r.Causes {
		if err == nil {
			_, err = fmt.Fprintf(w, "%s: %s\n  for example %s\n",
				units.Plural(c.Count, "failed chunk"), words.Plain(c.Cause), words.Plain(c.Example))
		}
	}
	return err
}

// worstCause returns the reason for most of the failed chunks, to be appended to their number.
func worstCause(r pack.Report) string {
	if len(r.Causes) == 0 {
		return ""
	}
	worst := words.Plain(r.Causes[0].Cause)
	if len(r.Causes) > 1 {
		return fmt.Sprintf(": mostly %s", worst)
	}
	return ": " + worst
}

// noteTerms notes what an archive of p's imagery must not be used for.
func (o Options) noteTerms(p fetch.Provider) {
	switch words := p.Terms.Words(); {
	case words == "no":
		o.note(fmt.Sprintf(
			"do not pass the archive on: the licence of %s does not allow it (%s)", p.ID,
			p.Licence))
	case !p.Terms.MayPassOn():
		o.note(fmt.Sprintf("do not pass the archive on: the licence of %s is not known to allow "+
			"it (%s)", p.ID, p.Licence))
	case words != "yes":
		o.note(fmt.Sprintf("the archive may be passed on: %s (%s, %s)",
			strings.TrimPrefix(words, "yes, "), p.ID, p.Licence))
	}
}

// WriteImport writes the report of an import into file for people.
func WriteImport(w io.Writer, file string, dry bool, r ddsdir.Report) error {
	var err error
	if dry {
		_, err = fmt.Fprintf(w, "would pack %s, %s of DDS, and skip %d\n",
			units.Plural(r.Imported, "texture"), units.Bytes(r.Bytes), len(r.Skipped))
	} else {
		_, err = fmt.Fprintf(w, "%s: %s imported, %d there already, %d skipped\n", words.Line(file),
			units.Plural(r.Imported, "texture"), r.Present, len(r.Skipped))
	}
	return err
}

// NoteSkipped notes the files that an import skipped.
func NoteSkipped(note func(string), r ddsdir.Report) {
	const most = 20
	for _, s := range r.Skipped[:min(most, len(r.Skipped))] {
		note(fmt.Sprintf("skipped %s: %s", s.File, s.Why))
	}
	if more := len(r.Skipped) - most; more > 0 {
		note(fmt.Sprintf("… and %d more: --json names them all", more))
	}
	if r.Others > 0 {
		note(fmt.Sprintf("ignored: %s of other kinds", units.Plural(r.Others, "file")))
	}
}

// Holes returns the error of a build or a repair of file that left holes: pack.ErrHoles, or nil.
func Holes(file string, r pack.Report) error {
	if r.State != pack.StateHoles {
		return nil
	}
	return fmt.Errorf("%s: %w: %s%s", file, pack.ErrHoles, units.Holes(r.Holes, r.FailedChunks),
		worstCause(r))
}

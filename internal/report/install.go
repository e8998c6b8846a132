package report

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/hint"
	"github.com/xelpack/xelpack/internal/install"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
)

// Installed reports an installation of an archive, or its removal; dry: what one would do. What was
// left, and notes, go to stderr. The error is pack.ErrHoles if the archive has holes.
func Installed(stdout, stderr io.Writer, archive string, r install.Report, dry, asJSON bool) error {
	for _, l := range r.Left {
		words.Fprintf(stderr, "left as it is: %s: %s\n", l.File, l.Why)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(stderr, note)
	}
	err := Line(stdout, asJSON, r, "%s", r.Text(dry))
	if err == nil && r.Holes > 0 {
		err = hint.With(fmt.Errorf("%w: %s of %s", pack.ErrHoles, units.Holes(r.Holes, r.Failed),
			filepath.Base(archive)),
			"`xelpack repair` fetches what failed; the same command installs it then")
	}
	return err
}

package replay

import (
	"fmt"
	"io"
	"time"

	"github.com/xelpack/xelpack/internal/units"
)

// WriteText writes the report for people.
func (r Report) WriteText(w io.Writer) error {
	_, err := fmt.Fprintf(w, `replayed    %s of flight in %s
textures    %s, %s, %s, %s read
opens       %s
reads       %s
missing     %s
short       %s, failed %s
late        %s
`,
		units.Duration(time.Duration(r.Flight*float64(time.Second))), units.Duration(
			time.Duration(r.Seconds*float64(time.Second))),
		units.Count(r.Textures), units.Plural(r.Opens, "open"), units.Plural(r.Reads,
			"read"), units.Bytes(r.Bytes),
		r.Open, r.Read, missingText(r), units.Count(r.Short), units.Count(
			r.Failed), lateText(r))
	return err
}

func missingText(r Report) string {
	if r.Missing == 0 {
		return "none"
	}
	return fmt.Sprintf("%s of missing names: %s", units.Plural(r.Missing, "open"),
		units.Few(r.Names))
}

func lateText(r Report) string {
	if r.Late == 0 {
		return "none"
	}
	return fmt.Sprintf("%s began up to %s late, because --at-once were in use",
		units.Plural(r.Late, "open"), units.Seconds(r.MaxLate))
}

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

// Show returns what a progress line shows of a replay at a speed. With a speed, the flight's time
// advances evenly; without waiting, the number of opens does.
func (p *Progress) Show(speed float64) (total int64, look func() (done int64, facts []string)) {
	_, opens := p.Opens()
	total, start := int64(opens), time.Now()
	if _, end := p.Flight(); speed > 0 {
		total = int64(end)
	}
	return max(1, total), func() (int64, []string) {
		begun, _ := p.Opens()
		at, end := p.Flight()
		done := int64(begun)
		if speed > 0 {
			done = int64(at)
		}
		return done, []string{
			fmt.Sprintf("%s of %s of flight", units.Duration(at), units.Duration(end)),
			fmt.Sprintf("%s of %s", units.Count(begun), units.Plural(opens, "open")),
			fmt.Sprintf("%.0f/s", float64(begun)/max(time.Since(start).Seconds(), 0.1)),
		}
	}
}

package report

import (
	"fmt"
	"io"

	"github.com/xelpack/xelpack/internal/signing"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
)

// Pins lists the keys that were met.
func Pins(w io.Writer, pins []signing.Pin, asJSON bool) error {
	if asJSON && pins == nil {
		pins = []signing.Pin{}
	}
	return Write(w, asJSON, pins, func(w io.Writer) error {
		for _, p := range pins {
			if _, err := fmt.Fprintf(w, "%s  %s  since %s\n", p.Key, words.Plain(p.Name),
				words.Plain(p.Since)); err != nil {
				return err
			}
		}
		return nil
	})
}

// verdictText says whose an archive of so many textures is.
func verdictText(w io.Writer, v signing.Verdict, textures int) error {
	what := "all of it"
	switch {
	case v.Covers < textures:
		what = fmt.Sprintf("%s of its %s", units.Count(v.Covers), units.Plural(textures, "texture"))
	case v.Covers < v.Textures:
		what = fmt.Sprintf("all of it, as part of %s", units.Plural(v.Textures, "texture"))
	}
	_, err := fmt.Fprintf(w, "signed %s: %s\n", v.By(), what)
	return err
}

package report

import (
	"errors"
	"fmt"
	"io"

	"github.com/xelpack/xelpack/internal/hint"
	"github.com/xelpack/xelpack/internal/remote"
	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/internal/signing"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// ErrVerify means that an archive is damaged.
var ErrVerify = errors.New("verification failed")

// Verified reports what a verification of file found, and whose it is unless refused. With problems
// it returns ErrVerify with the remedy as its hint, and also where the signatures were refused.
func Verified(w io.Writer, file string, r mbtiles.Report, signed []signing.Verdict, refused error,
	asJSON bool) error {
	remedy := remedyOf(file, r)
	for i := range r.Problems {
		r.Problems[i].What = words.Plain(r.Problems[i].What)
	}
	r.OK = r.OK && refused == nil
	err := Write(w, asJSON, struct {
		mbtiles.Report
		Remedy string            `json:"remedy,omitempty"`
		Signed []signing.Verdict `json:"signed,omitempty"`
	}{r, remedy, signed}, func(w io.Writer) error { return verifiedText(w, file, r, signed) })
	if err == nil && refused != nil {
		return fmt.Errorf("%s: %w: %w", file, ErrVerify, refused)
	}
	if err == nil && !r.OK {
		err = hint.With(fmt.Errorf("%s: %w: %s", file, ErrVerify,
			units.Plural(len(r.Problems), "problem")), remedy)
	}
	return err
}

func remedyOf(file string, r mbtiles.Report) string {
	switch {
	case r.OK:
		return ""
	case remote.IsURL(file):
		return hint.Publisher
	case r.NoArchive:
		return "name an archive, which `xelpack build` makes; if it was one, copy it again from its " +
			"source"
	case r.Unreadable:
		return hint.CopyAgain + ", or remove it and build it again: too little of it is readable " +
			"to repair it"
	}
	return hint.CopyAgain + ", or fetch only what is damaged again: " +
		shell.Command("xelpack", "repair", "--damaged", file)
}

func verifiedText(w io.Writer, file string, r mbtiles.Report, signed []signing.Verdict) error {
	for _, p := range r.Problems {
		if _, err := fmt.Fprintln(w, p); err != nil {
			return err
		}
	}
	if !r.OK {
		return nil
	}
	of := units.Plural(r.Textures, "texture")
	if r.Checked < r.Textures {
		of = fmt.Sprintf("%s, of which %s were compared", of, units.Count(r.Checked))
	}
	if r.Holes > 0 {
		of += fmt.Sprintf(", holes: %s (`xelpack repair` fetches them)",
			units.Holes(r.Holes, r.Failed))
	}
	_, err := fmt.Fprintf(w, "%s: ok, %s, digest %s\n", words.Line(file), of, r.Digest)
	for _, v := range signed {
		if err == nil {
			err = verdictText(w, v, r.Textures)
		}
	}
	return err
}

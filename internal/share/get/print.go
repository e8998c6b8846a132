package get

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
)

// List prints the archives of the offer for people, or the catalogue as JSON.
func (o *Offer) List(w io.Writer, asJSON bool) error {
	if asJSON {
		text, err := o.Text()
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: %s\n", o.name, units.Plural(len(o.Archives), "archive"))
	if o.Private {
		fmt.Fprintln(&b, "private: not everything in it may be passed on")
	}
	for _, a := range o.Covering(nil) {
		zls := strings.ReplaceAll(strings.Trim(fmt.Sprint(a.ZLs()), "[]"), " ", ", ")
		fmt.Fprintf(&b, "%s  %s, %s, ZL%s", words.Line(a.File), units.Bytes(a.Bytes),
			units.Plural(a.Textures, "texture"), zls)
		if a.Captured != nil {
			fmt.Fprintf(&b, ", taken %s", a.Captured.Words())
		}
		fmt.Fprintf(&b, "\n  pass on: %s\n", a.Terms.Words())
		for line := range strings.SplitSeq(a.Attribution, "\n") {
			if line != "" {
				fmt.Fprintf(&b, "  %s\n", line)
			}
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Print prints what is taken of each archive, and how much is to fetch.
func (c *Choice) Print(w io.Writer) error {
	var b bytes.Buffer
	for _, t := range c.Taken {
		fmt.Fprintln(&b, t)
	}
	fmt.Fprintf(&b, "together: %s, %s of DDS, %s to fetch\n", units.Plural(c.Textures, "texture"),
		units.Bytes(c.Bytes), units.Bytes(c.Fetch))
	_, err := w.Write(b.Bytes())
	return err
}

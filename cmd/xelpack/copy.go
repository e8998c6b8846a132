package main

import (
	"io"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/hint"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/remote"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// copyFlags are the flags of all verbs that make an archive from others.
type copyFlags struct {
	Output  string
	Replace bool
	Verify  bool
	JSON    bool
}

func (o *copyFlags) register(f *pflag.FlagSet, verify bool) {
	f.BoolVar(&o.Verify, "verify", verify,
		"decode every texture and compare it with its hash, so that damage is not copied; "+
			"--verify=false copies at the speed of the disk, unless an archive is of format 1")
	f.BoolVar(&o.JSON, "json", false, "print the report as JSON")
}

// registerNew registers -o for a verb that makes a new archive.
func (o *copyFlags) registerNew(f *pflag.FlagSet) {
	f.StringVarP(&o.Output, "output", "o", "", "archive to make, a `FILE` ending in .mbtiles")
	f.BoolVar(&o.Replace, "replace", false,
		"replace an existing archive once the new one is complete")
	cli.Explicit(f, "replace")
}

// registerInPlace registers -o for a verb that replaces an archive.
func (o *copyFlags) registerInPlace(f *pflag.FlagSet) {
	f.StringVarP(&o.Output, "output", "o", "",
		"write to this `FILE`, ending in .mbtiles, instead of replacing the archive")
}

// target resolves the path of the result.
func (o *copyFlags) target() (err error) {
	if o.Output == "" {
		return usage.Errorf("no output file: give -o FILE.mbtiles")
	}
	o.Output, err = build.OutputFile(o.Output)
	return err
}

// local refuses an archive that is to be changed and is elsewhere.
func local(archive string) error {
	if !remote.IsURL(archive) {
		return nil
	}
	return usage.Errorf("%s: an archive on a web server cannot be changed", remote.Shown(archive))
}

// inPlace makes archive the result if no other was given.
func (o *copyFlags) inPlace(archive string) error {
	if o.Output != "" {
		return o.target()
	}
	if err := local(archive); err != nil {
		return hint.With(err, "-o FILE.mbtiles writes the result here")
	}
	o.Output, o.Replace = archive, true
	return nil
}

// run makes a copy with a progress bar and prints the result.
func (o copyFlags) run(what string, stdout, stderr io.Writer,
	copy func(mbtiles.CopyOptions) (any, string, error)) error {
	meter := progress.NewMeter(stderr, what)
	made, text, err := copy(
		mbtiles.CopyOptions{Quick: !o.Verify, Replace: o.Replace, Progress: meter.Set})
	meter.Close()
	if err != nil {
		return hint.Undone(err)
	}
	return report.Line(stdout, o.JSON, made, "%s: %s", words.Line(o.Output), text)
}

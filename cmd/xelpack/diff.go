package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/combine"
)

// diffOptions are the flags of diff.
type diffOptions struct {
	copyFlags
	Patch    string
	ExitCode bool
}

// errDiffer is the error of diff --exit-code if there are differences.
var errDiffer = errors.New("the archives differ")

func newDiffCommand() *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Compare two archives, or make a patch",
		Long: `Lists the textures that differ, one per line: added, removed, changed (other pixels), or
recorded (the same pixels, but another provider, detail, spelling or number of failed
chunks). With --patch it writes an archive of the new and changed textures, with which
xelpack apply turns OLD into NEW.

Like git diff it exits 0 whether or not there are differences; with --exit-code it exits 1
if there are.`,
		Example: `  xelpack diff june.mbtiles july.mbtiles
  xelpack diff june.mbtiles july.mbtiles --patch july.patch.mbtiles
  xelpack diff a.mbtiles b.mbtiles --exit-code >/dev/null && echo the same textures`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withArchives(cmd, args, func(a []*mbtiles.Archive) error {
				return runDiff(cmd.Context(), o, a[0], a[1], cmd.OutOrStdout(), cmd.ErrOrStderr())
			})
		},
	}
	f := cmd.Flags()
	o.register(f, true)
	f.StringVar(&o.Patch, "patch", "", "write a patch archive, a `FILE` ending in .mbtiles")
	f.BoolVar(&o.ExitCode, "exit-code", false, "exit 1 if there are differences")
	cli.Explicit(f, "patch", "exit-code")
	return cmd
}

func runDiff(ctx context.Context, o diffOptions, from, to *mbtiles.Archive, stdout,
	stderr io.Writer) error {
	if o.Patch != "" {
		var err error
		if o.Patch, err = build.OutputFile(o.Patch); err != nil {
			return err
		}
	}
	d, err := combine.Diff(ctx, from, to)
	if err != nil {
		return err
	}
	if err := report.Differences(stdout, d, o.JSON); err != nil {
		return err
	}
	if o.Patch != "" {
		o.Output, o.JSON = o.Patch, false
		err := o.run("patch", stderr, stderr, func(co mbtiles.CopyOptions) (any, string, error) {
			r, err := combine.WritePatch(ctx, o.Patch, from, to, co)
			return r, "patch of " + report.Made(r), err
		})
		if err != nil {
			return err
		}
	}
	if o.ExitCode && len(d.Changes) > 0 {
		return errDiffer
	}
	return nil
}

func newApplyCommand() *cobra.Command {
	var o copyFlags
	cmd := &cobra.Command{
		Use:   "apply ARCHIVE PATCH",
		Short: "Update an archive with a patch",
		Long: `Applies a patch made by xelpack diff --patch. The archive must have the digest that the
patch was made for, and the result must have the digest that the patch promises; otherwise
nothing is changed. The new archive replaces the old one once it is complete.`,
		Example: `  xelpack apply june.mbtiles july.patch.mbtiles -o july.mbtiles`,
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.inPlace(args[0]); err != nil {
				return err
			}
			return withArchives(cmd, args, func(a []*mbtiles.Archive) error {
				return o.run("apply", cmd.OutOrStdout(), cmd.ErrOrStderr(),
					func(co mbtiles.CopyOptions) (any, string, error) {
						r, err := combine.Apply(cmd.Context(), o.Output, a[0], a[1], co)
						return r, report.Made(r), err
					})
			})
		},
	}
	o.registerInPlace(cmd.Flags())
	o.register(cmd.Flags(), true)
	return cmd
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

func newVerifyCommand() *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify ARCHIVE",
		Short: "Check every byte of an archive",
		Long: `Decodes every texture of an archive, compares it with its hash, checks previews and counts, recomputes the digest, and lets SQLite check every page of the file.
What is damaged is named, a line each; exit code 5. With --quick only the tables are checked, and the bytes of one texture in a hundred (at least 64), others every time.`,
		Example: `  xelpack verify flight.mbtiles
  xelpack verify flight.mbtiles --quick
  xelpack verify flight.mbtiles --json | jq -r '.problems[].texture'
  xelpack repair flight.mbtiles --damaged      (fetches just what is damaged again)`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runVerify(cmd.Context(), o, args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.Quick, "quick", false, "check the tables and a sample of the textures")
	f.BoolVar(&o.JSON, "json", false, "print JSON")
	return cmd
}

// verifyOptions are the flags of verify.
type verifyOptions struct{ Quick, JSON bool }

func runVerify(ctx context.Context, o verifyOptions, file string, stdout, stderr io.Writer) error {
	return withAny(ctx, file, func(a *mbtiles.Archive) error {
		report, err := verify(ctx, a, o.Quick, stderr)
		if err != nil {
			return err
		}
		if o.JSON {
			err = json.NewEncoder(stdout).Encode(report)
		} else {
			err = printVerified(stdout, file, report)
		}
		if err == nil && !report.OK {
			return fmt.Errorf("%s: %w: %s", file, errVerify, plural(len(report.Problems), "problem"))
		}
		return err
	})
}

// verify shows on a terminal how far it is.
func verify(ctx context.Context, a *mbtiles.Archive, quick bool, stderr io.Writer) (mbtiles.Report, error) {
	meter := progress.NewMeter(stderr, "verify")
	defer meter.Close()
	return a.Verify(ctx, mbtiles.VerifyOptions{Quick: quick, Progress: meter.Set})
}

func printVerified(w io.Writer, file string, r mbtiles.Report) error {
	for _, p := range r.Problems {
		if _, err := fmt.Fprintln(w, words.Plain(p.String())); err != nil {
			return err
		}
	}
	if !r.OK {
		return nil
	}
	of := plural(r.Textures, "texture")
	if r.Checked < r.Textures {
		of = fmt.Sprintf("%s, of which the bytes of %s were compared", of, countText(r.Checked))
	}
	_, err := fmt.Fprintf(w, "%s: ok, %s, digest %s\n", file, of, r.Digest)
	return err
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

func newVerifyCommand() *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify ARCHIVE",
		Short: "Check every byte of an archive",
		Long: `Decodes every texture of an archive, compares it with its hash, checks previews and
counts, recomputes the digest, and lets SQLite check every page of the file. Damage is
listed, one per line, with the remedy; the exit code is then 5, also for a truncated
archive. With --quick only the tables are checked, and one texture in a hundred (at least
64), different ones each time.`,
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
	meter := progress.NewMeter(stderr, "verify")
	found, err := mbtiles.VerifyFile(ctx, file,
		mbtiles.VerifyOptions{Quick: o.Quick, Progress: meter.Set})
	meter.Close()
	if err != nil {
		return err
	}
	report := verified{found, remedyOf(file, found)}
	if o.JSON {
		err = json.NewEncoder(stdout).Encode(report)
	} else {
		err = printVerified(stdout, file, found)
	}
	if err == nil && !report.OK {
		err = hinted{fmt.Errorf("%s: %w: %s", file, errVerify,
			units.Plural(len(report.Problems), "problem")), report.Remedy}
	}
	return err
}

// verified is the JSON output of verify.
type verified struct {
	mbtiles.Report
	Remedy string `json:"remedy,omitempty"`
}

// remedyOf returns the remedy for the findings.
func remedyOf(file string, r mbtiles.Report) string {
	switch {
	case r.OK:
		return ""
	case r.Unreadable:
		return copyAgain + ", or remove it and build it again: too little of it is readable to " +
			"repair it"
	}
	return copyAgain + ", or fetch only what is damaged again: " +
		shell.Command("xelpack", "repair", "--damaged", file)
}

const copyAgain = "copy it again from its source (an incomplete download can be continued with " +
	"curl -C - or rsync --partial)"

func printVerified(w io.Writer, file string, r mbtiles.Report) error {
	for _, p := range r.Problems {
		if _, err := fmt.Fprintln(w, words.Plain(p.String())); err != nil {
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
	_, err := fmt.Fprintf(w, "%s: ok, %s, digest %s\n", file, of, r.Digest)
	return err
}

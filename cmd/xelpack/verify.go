package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/opener"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/remote"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/signing"
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
archive and for a file that is none. With --quick only the tables are checked, and one
texture in a hundred (at least 64), different ones each time.

Of a signed archive it says who signed it. A key that is met for the first time is
remembered for its owner's name, and another one for that name is refused from then on
(xelpack key). With --key every texture must be signed with that key.`,
		Example: `  xelpack verify flight.mbtiles
  xelpack verify flight.mbtiles --quick
  xelpack verify flight.mbtiles --key alice.pub
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
	f.StringArrayVar(&o.Keys, "key", nil, "public `KEY` of minisign's, a file with one, or a name "+
		"that is remembered: all of it must be signed with that; may be repeated")
	return cmd
}

// verifyOptions are the flags of verify.
type verifyOptions struct {
	Quick, JSON bool
	Keys        []string
}

func runVerify(ctx context.Context, o verifyOptions, file string, stdout, stderr io.Writer) error {
	keys, err := signing.Find(o.Keys...)
	if err != nil {
		return err
	}
	meter := progress.NewMeter(stderr, "verify")
	open := opener.Opener{Note: notes(stderr)}
	defer open.Close()
	found, err := open.Verify(ctx, file,
		mbtiles.VerifyOptions{Quick: o.Quick, Progress: meter.Set})
	meter.Close()
	if err != nil {
		return err
	}
	var signed []signing.Verdict
	var refused error
	if found.OK {
		signed, refused = signing.Judge(found.Signatures, found.Textures, keys)
	}
	return report.Verified(stdout, remote.Shown(file), found, signed, refused, o.JSON)
}

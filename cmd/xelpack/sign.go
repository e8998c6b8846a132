package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/signing"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// signOptions are the flags of sign.
type signOptions struct {
	copyFlags
	signing.Options
	Text string
}

func newSignCommand() *cobra.Command {
	var o signOptions
	cmd := &cobra.Command{
		Use:   "sign ARCHIVE --key FILE.key",
		Short: "Sign an archive, so that others know whose it is",
		Long: `Checks every texture of an archive and signs its digest and root with a secret key of
minisign's. The signature is in the archive, and stays in it when it is copied, repacked
or compressed again. What is extracted or merged from it keeps the signature with a proof
for each texture that it has. The archive is rewritten as by repack.

To sign with minisign itself: --text writes what is to be signed, and --signature puts
the signature into the archive. Of a signed archive, --text writes what was signed, and
the signature beside it, for minisign -V.`,
		Example: `  xelpack sign europe.mbtiles --key alice.key
  xelpack sign europe.mbtiles --text europe.txt && minisign -V -m europe.txt -p alice.pub
  xelpack sign europe.mbtiles --signature europe.txt.minisig --key alice.pub`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withArchive(cmd, args[0], func(a *mbtiles.Archive) error {
				return runSign(cmd.Context(), o, a, args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Key, "key", "", "secret key, a `FILE`; with --signature, the public one")
	f.StringVar(&o.Name, "name", "", "`NAME` that others are to know the key by (default as its file)")
	f.StringVar(&o.Text, "text", "", "only write what is signed to this `FILE`")
	f.StringVar(&o.Signature, "signature", "", "take this signature of minisign's, a `FILE`")
	o.registerInPlace(f)
	f.BoolVar(&o.JSON, "json", false, "print the report as JSON")
	cli.Explicit(f, "name", "text", "signature")
	cmd.MarkFlagsMutuallyExclusive("text", "signature")
	cmd.MarkFlagsMutuallyExclusive("name", "signature")
	return cmd
}

func runSign(ctx context.Context, o signOptions, a *mbtiles.Archive, file string, stdout,
	stderr io.Writer) error {
	if o.Text != "" {
		names, err := signing.WriteText(ctx, a, o.Text)
		if err == nil {
			_, err = fmt.Fprintln(stdout, strings.Join(names, "\n"))
		}
		return err
	}
	if o.Key == "" {
		return usage.Errorf("no key: give --key FILE.key (xelpack key make makes one)")
	}
	sign, err := o.Signer(ctx, a, time.Now(), stderr)
	if err != nil {
		return err
	}
	if err := o.inPlace(file); err != nil {
		return err
	}
	o.Verify = true
	return o.run("sign", stdout, stderr, func(co mbtiles.CopyOptions) (any, string, error) {
		r, err := sign(o.Output, co)
		return r, report.Made(r) + ", signed", err
	})
}

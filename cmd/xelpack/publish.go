package main

import (
	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/share/publish"
	"github.com/xelpack/xelpack/internal/signing"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
)

func newPublishCommand() *cobra.Command {
	var o publish.Options
	var asJSON bool
	var key string
	cmd := &cobra.Command{
		Use:   "publish DIR",
		Short: "Describe a folder of archives for others: a catalogue and a page",
		Long: `Writes catalogue.json and index.html beside the archives of a folder. Put the folder on any
web server, or on a USB stick: the page shows what is covered, with sizes, terms and the
command to type, and "xelpack get" fetches a flight out of it. Nothing else is written.

A web server gives out whatever is in its folder, so archives that may not be passed on
are refused. --private is for one's own house.

With --key the catalogue carries a signature over each archive's digest and root, so that
"xelpack get" can tell others whose they are, and that they are unchanged. The archives
stay as they are.`,
		Example: `  xelpack publish /srv/www/xelpack
  xelpack publish /srv/www/xelpack --key alice.key
  xelpack publish /srv/www/xelpack --mirror https://example.com/xelpack/`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Dir, o.Note = args[0], notes(cmd.ErrOrStderr())
			if key != "" {
				secret, err := signing.Secret(key,
					func() (string, error) { return signing.Password(cmd.ErrOrStderr(), false) })
				if err != nil {
					return err
				}
				o.Key = &secret
			}
			folder, err := publish.Read(cmd.Context(), o)
			if err != nil {
				return err
			}
			if err := folder.Write(); err != nil {
				return err
			}
			r := folder.Report()
			return report.Line(cmd.OutOrStdout(), asJSON, r, "%s: %s, %s\npage: %s", words.Line(r.Catalogue),
				units.Plural(r.Archives, "archive"), units.Bytes(r.Bytes), r.Page)
		},
	}
	f := cmd.Flags()
	f.StringVar(&key, "key", "", "secret key that signs, a `FILE` (xelpack key make)")
	f.StringVar(&o.Title, "title", "", "title of the page, a `TEXT` (default the folder's name)")
	f.BoolVar(&o.Private, "private", false,
		"publish also what may not be passed on: for one's own house only")
	f.StringArrayVar(&o.Mirrors, "mirror", nil,
		"`ADDRESS` of a folder that has the same files; may be repeated, tried in this order")
	f.BoolVar(&asJSON, "json", false, "print the report as JSON")
	cli.Explicit(f, "private", "mirror", "title")
	return cmd
}

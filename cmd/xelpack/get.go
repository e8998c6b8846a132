package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/opener"
	"github.com/xelpack/xelpack/internal/share/get"
	"github.com/xelpack/xelpack/internal/signing"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// getOptions are the flags of get.
type getOptions struct {
	get.Options
	copyFlags
	DryRun bool
	Keys   []string
}

func newGetCommand() *cobra.Command {
	var o getOptions
	cmd := &cobra.Command{
		Use:   "get CATALOGUE [-o FILE.mbtiles]",
		Short: "Fetch a flight out of a published folder of archives",
		Long: `Reads the catalogue of a published folder, chooses the archives that cover the route or
area, and makes one archive of their textures: of several of one name the sharpest. What
is taken, its terms and how much is to fetch is printed first. Every texture is checked.

CATALOGUE is the address or path of catalogue.json or of its folder. Without a selection
the archives are listed. Whose a signed archive is, is said; a key that is met for the
first time is remembered for its owner's name, and another one for that name is refused
from then on (xelpack key). If an archive cannot be read, its mirrors are tried in order. An
interrupted command is continued by the same command; --have names archives whose textures
are not fetched again, so that the same command also updates.`,
		Example: `  xelpack get https://example.com/xelpack/
  xelpack get https://example.com/xelpack/ --route flight.fms -o flight.mbtiles
  xelpack get https://example.com/xelpack/ --route flight.fms --have old.mbtiles -o new.mbtiles`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Note = notes(cmd.ErrOrStderr())
			files := &opener.Opener{Note: o.Note}
			defer files.Close()
			return runGet(cmd.Context(), o, args[0], files, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	o.registerNew(f)
	registerPick(f, &o.Pick)
	o.copyFlags.register(f, true)
	f.BoolVar(&o.DryRun, "dry-run", false, "only print what would be fetched")
	f.StringArrayVar(&o.Options.Have, "have", nil,
		"`ARCHIVE` whose contents are not fetched again; may be repeated")
	f.StringArrayVar(&o.Keys, "key", nil, "public `KEY` of minisign's, a file with one, or a name "+
		"that is remembered: each archive must be signed with that; may be repeated")
	f.BoolVar(&o.Force, "force", false,
		"mix imagery that may be passed on with imagery that may not: the new archive may not")
	cli.Explicit(f, "force", "have", "key")
	return cmd
}

func runGet(ctx context.Context, o getOptions, name string, files *opener.Opener, stdout,
	stderr io.Writer) (err error) {
	unpicked := o.Pick.Validate()
	if unpicked != nil && (o.Output != "" || o.DryRun || o.Pick.Corridor != "") {
		return unpicked
	}
	if unpicked == nil && !o.DryRun {
		if err := o.target(); err != nil {
			return err
		}
	}
	if o.Options.Keys, err = signing.Find(o.Keys...); err != nil {
		return err
	}
	offer, err := get.Load(ctx, name, files)
	if err != nil {
		return err
	}
	if unpicked != nil {
		return offer.List(stdout, o.JSON)
	}
	choice, err := offer.Choose(ctx, o.Options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, choice.Close()) }()
	if o.DryRun && o.JSON {
		return json.NewEncoder(stdout).Encode(choice)
	}
	if o.DryRun {
		return choice.Print(stdout)
	}
	if err := choice.Print(stderr); err != nil {
		return err
	}
	return o.run("get", stdout, stderr, func(co mbtiles.CopyOptions) (any, string, error) {
		r, err := choice.Make(ctx, o.Output, co)
		return r, fmt.Sprintf("%s in %s, digest %s", units.Plural(r.Textures, "texture"),
			units.Bytes(r.FileBytes), r.Digest), err
	})
}

package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/install"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/remote"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/scenery"
)

// installOptions are the flags of install and uninstall.
type installOptions struct {
	install.Options
	packages []string
	Known    string
	JSON     bool
}

func (o *installOptions) register(f *pflag.FlagSet) {
	f.StringArrayVar(&o.packages, "scenery", nil, "scenery package, the `DIR` that X-Plane reads")
	f.BoolVar(&o.DryRun, "dry-run", false, "only say what would be done")
	f.BoolVar(&o.JSON, "json", false, "print the report as JSON")
}

// one refuses several packages: the last would win without a word, where the --scenery of other
// verbs may be repeated.
func (o *installOptions) one() error {
	switch len(o.packages) {
	case 0:
		return usage.Errorf("no scenery package: give --scenery DIR")
	case 1:
		o.Scenery = o.packages[0]
		return nil
	}
	return usage.Errorf("%d scenery packages: give one --scenery DIR at a time", len(o.packages))
}

func newInstallCommand() *cobra.Command {
	var o installOptions
	cmd := &cobra.Command{
		Use:   "install ARCHIVE --scenery DIR",
		Short: "Put an archive's textures into a scenery package, to fly without a mount",
		Long: `Writes the archive's textures as plain DDS files into the package's textures folder: only
what is missing or different. Files that the package has under those names are set aside,
and come back with "xelpack uninstall". A file that was changed after it was installed is
left unchanged and reported.

Textures of equal content, in this package or in another one beside it, share their space
where the file system can (reflinks, hard links); --copies writes each. Free disk space is
checked first. An interrupted or killed installation is continued by the same command, and
undone by uninstall. --switch changes to another archive: textures of both stay as they
are. An archive with holes is installed as it is, with exit code 3.`,
		Example: `  xelpack install flight.mbtiles --scenery "X-Plane 12/Custom Scenery/zzXEL_eur_ortho"
  xelpack install --switch tomorrow.mbtiles --scenery "X-Plane 12/Custom Scenery/zzXEL_eur_ortho"
  xelpack uninstall --scenery "X-Plane 12/Custom Scenery/zzXEL_eur_ortho"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.one(); err != nil {
				return err
			}
			return withArchive(cmd, args[0], func(a *mbtiles.Archive) error {
				if err := o.beside(cmd.Context(), cmd.ErrOrStderr()); err != nil {
					return err
				}
				return o.run(cmd, args[0], func(ctx context.Context) (install.Report, error) {
					return install.Install(ctx, a, remote.Shown(args[0]), o.Options)
				})
			})
		},
	}
	o.register(cmd.Flags())
	cmd.Flags().BoolVar(&o.Switch, "switch", false, "replace another installed archive by this one")
	cmd.Flags().BoolVar(&o.Copies, "copies", false,
		"write every texture as a separate file, even where links are possible")
	cli.Explicit(cmd.Flags(), "switch")
	return cmd
}

func newUninstallCommand() *cobra.Command {
	var o installOptions
	cmd := &cobra.Command{
		Use:   "uninstall --scenery DIR",
		Short: "Remove installed textures from a scenery package",
		Long: `Removes what "xelpack install" has written into the package, and restores the package's
own files. A file that was changed after it was installed is left unchanged and reported;
the package's own file is then beside it, as NAME.dds.before-xelpack. An interrupted
installation is undone as well.

If the list of what is installed is damaged, --installed names an archive that was
installed: files equal to its textures are removed.`,
		Example: `  xelpack uninstall --scenery "X-Plane 12/Custom Scenery/zzXEL_eur_ortho"`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.one(); err != nil {
				return err
			}
			undo := func(ctx context.Context) (install.Report, error) {
				return install.Uninstall(ctx, o.Options)
			}
			if o.Known == "" {
				return o.run(cmd, "", undo)
			}
			return withArchive(cmd, o.Known, func(a *mbtiles.Archive) error {
				o.Options.Known = a
				return o.run(cmd, "", undo)
			})
		},
	}
	o.register(cmd.Flags())
	cmd.Flags().StringVar(&o.Known, "installed", "",
		"`ARCHIVE` that was installed, if the list of what is installed is damaged")
	return cmd
}

// beside finds the names of textures in the terrain, and the neighbouring packages.
func (o *installOptions) beside(ctx context.Context, stderr io.Writer) error {
	packages, err := plan.OpenScenery(ctx, []string{o.Scenery}, nil, notes(stderr))
	if err != nil && !errors.Is(err, scenery.ErrNoTerrain) {
		return err
	}
	o.Name = plan.Spelling(packages...)
	o.Others = install.Beside(o.Scenery)
	return nil
}

func (o *installOptions) run(cmd *cobra.Command, archive string,
	do func(context.Context) (install.Report, error)) error {
	stdout, stderr := cmd.OutOrStdout(), cmd.ErrOrStderr()
	meters := progress.NewMeters(stderr)
	o.Meter = meters.Set
	done, err := do(cmd.Context())
	meters.Close()
	if err != nil {
		return err
	}
	return report.Installed(stdout, stderr, remote.Shown(archive), done, o.DryRun, o.JSON)
}

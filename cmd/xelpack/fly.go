package main

import (
	"cmp"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/archives"
	"github.com/xelpack/xelpack/internal/ask"
	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/fly"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/usage"
)

// archivesOptions are the flags about the folder of archives.
type archivesOptions struct{ dir, quota string }

func (o *archivesOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.dir, "archives", "",
		"`DIR` of the archives (default xelpack/archives in the user's data folder)")
	f.StringVar(&o.quota, "archives-quota", "",
		"`SIZE` beyond which the oldest archives are offered for removal (default no limit)")
}

func (o archivesOptions) parse() (dir string, quota int64, err error) {
	if o.quota != "" {
		if quota, err = units.ParseBytes(o.quota); err != nil {
			return "", 0, usage.Errorf("--archives-quota: %w", err)
		}
	}
	if o.dir == "" {
		o.dir, err = archives.Default()
	}
	return o.dir, quota, err
}

// flyOptions are the flags of fly.
type flyOptions struct {
	fly.Options
	archivesOptions
	making   makingFlags
	log      logOptions
	yes, end bool
}

func newFlyCommand() *cobra.Command {
	var o flyOptions
	o.Plan.Selection = plan.Defaults()
	cmd := &cobra.Command{
		Use:   "fly [ROUTE]",
		Short: "From a flight plan to a sealed flight: plan, build, seal and mount",
		Long: `Finds the flight plan and X-Plane's ortho packages, says what the flight costs and asks
once, builds what is missing, proves that nothing lacks (seal), and mounts the archive
over the packages, without network, until Ctrl-C. Run again it does only what is missing.

ROUTE is a file or a name as for --route: simbrief:USER, latest, LSGG-LFMN. The default is
SimBrief's plan if setup was told the user, or else latest. Where nothing can be mounted,
and with --install, the textures are installed in the packages instead.`,
		Example: `  xelpack fly
  xelpack fly simbrief:USER --until-xplane-ends
  xelpack fly LSGG-LFMN --scenery zzXEL_eur_ortho --provider open --yes`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runFly(cmd, o, args) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.Plan.Scenery, "scenery", nil, "scenery package `DIR`, or its name in "+
		"X-Plane's Custom Scenery; may be repeated (default all ortho packages)")
	registerDetail(f, &o.Plan.Selection)
	registerImagery(f, &o.Plan.Imagery)
	o.making.register(f)
	o.archivesOptions.register(f)
	o.log.register(f, "warn")
	f.BoolVar(&o.yes, "yes", false, "begin without asking")
	f.BoolVar(&o.Install, "install", false, "install the textures as files instead of mounting")
	f.BoolVar(&o.Unsealed, "unsealed", false,
		"fly even if something lacks: it is made when it is opened")
	f.BoolVar(&o.end, "until-xplane-ends", false, "end the mount when X-Plane has ended")
	cli.Explicit(f, "yes", "unsealed")
	return cmd
}

func runFly(cmd *cobra.Command, o flyOptions, args []string) (err error) {
	ctx := cmd.Context()
	if o.Options.Archives, o.Options.Quota, err = o.archivesOptions.parse(); err != nil {
		return err
	}
	if o.Plan.Making, err = o.making.parse(); err != nil {
		return err
	}
	finder, route := cli.Finder(cmd), "latest"
	if finder.SimBriefUser != "" {
		route = "simbrief"
	}
	o.Plan.Routes = []string{""}
	if o.Plan.Routes[0], err = finder.Route(ctx, cmp.Or(append(args, route)...)); err != nil {
		return err
	}
	if o.Plan.Scenery, o.XPlane, err = fly.Packages(ctx, finder.X, o.Plan.Scenery, o.end); err != nil {
		return err
	}
	stderr, behind := progress.NewStatusLineBehind(cmd.ErrOrStderr(), o.log.LogJSON)
	defer behind.Close(lastWords)
	watcher, err := observeOptions{logOptions: o.log}.start(ctx, "build", stderr)
	if err != nil {
		return err
	}
	defer watcher.Close()
	asker := ask.New(cmd.InOrStdin(), stderr, o.yes)
	o.Confirm, o.Insist = asker.Confirm, asker.Insist
	o.Log, o.Line, o.Out, o.Note = watcher.Log, stderr, cmd.OutOrStdout(), notes(stderr)
	o.Build = workFlags{Options: build.Defaults(),
		observeOptions: observeOptions{logOptions: o.log}}.options(watcher, cmd.ErrOrStderr())
	o.Meter = meters(cmd.ErrOrStderr())
	_, err = fly.Run(ctx, o.Options)
	return err
}

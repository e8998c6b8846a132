package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/ask"
	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/setup"
)

func newSetupCommand() *cobra.Command {
	var o setup.Options
	yes := false
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Remember once where X-Plane is, whose plans SimBrief has, and where archives live",
		Long: `Finds X-Plane and its ortho packages, and puts the order of scenery_packs.ini right: ortho
packages below airports and overlays. X-Plane's folder, and what the flags name, is
remembered in config.toml: the keys xplane, simbrief, archives and scenery, which are
defaults of the flags of these names.

Every change is asked for. Without a terminal, and with --dry-run, it only says what it
would do. --undo restores what setup has changed, except what was changed since.`,
		Example: `  xelpack setup
  xelpack setup --simbrief USER --archives /data/archives --yes
  xelpack setup --undo`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Config, err = cli.ConfigFile(); err != nil {
				return err
			}
			o.Home, _ = os.UserHomeDir() // without one nothing is noted there
			o.XPlane, o.Now = cli.XPlane(cmd), time.Now()
			return setup.Run(cmd.Context(), o, ask.New(cmd.InOrStdin(), cmd.OutOrStdout(), yes),
				cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.SimBrief, "simbrief", "", "SimBrief `USER`, by name or pilot ID, for --route simbrief")
	f.StringVar(&o.Archives, "archives", "", "`DIR` in which archives live")
	f.StringArrayVar(&o.Scenery, "scenery", nil,
		"ortho package `NAME` for every flight; may be repeated (default all ortho packages)")
	f.BoolVar(&yes, "yes", false, "make all changes without asking")
	f.BoolVar(&o.DryRun, "dry-run", false, "only say what would be changed")
	f.BoolVar(&o.Undo, "undo", false, "restore what setup has changed")
	cli.Explicit(f, "yes", "undo")
	return cmd
}

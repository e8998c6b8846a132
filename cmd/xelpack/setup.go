package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/ask"
	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/setup"
	"github.com/xelpack/xelpack/internal/units"
)

func newSetupCommand() *cobra.Command {
	var o setup.Options
	var yes, dry, undo bool
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
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSetup(cmd, o, ask.New(cmd.InOrStdin(), cmd.OutOrStdout(), yes), dry, undo)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.SimBrief, "simbrief", "", "SimBrief `USER`, by name or pilot ID, for --route simbrief")
	f.StringVar(&o.Archives, "archives", "", "`DIR` in which archives live")
	f.StringArrayVar(&o.Scenery, "scenery", nil,
		"ortho package `NAME` for every flight; may be repeated (default all ortho packages)")
	f.BoolVar(&yes, "yes", false, "make all changes without asking")
	f.BoolVar(&dry, "dry-run", false, "only say what would be changed")
	f.BoolVar(&undo, "undo", false, "restore what setup has changed")
	cli.Explicit(f, "yes", "undo")
	return cmd
}

func runSetup(cmd *cobra.Command, o setup.Options, asker *ask.Asker, dry, undo bool) (err error) {
	out := cmd.OutOrStdout()
	if o.Config, err = cli.ConfigFile(); err != nil {
		return err
	}
	if undo {
		said, err := setup.Undo(o.Config)
		for _, text := range said {
			fmt.Fprintln(out, text)
		}
		return err
	}
	o.Home, _ = os.UserHomeDir() // without one nothing is noted there
	o.XPlane, o.Now = cli.XPlane(cmd), time.Now()
	if _, err := cli.Finder(cmd).X(); err != nil {
		return err // before anything is asked
	}
	if o.SimBrief == "" && !dry {
		if o.SimBrief, err = asker.Text(cmd.Context(),
			"SimBrief user, name or pilot ID (Enter for none)"); err != nil {
			return err
		}
	}
	p, err := setup.Make(cmd.Context(), o)
	if err != nil {
		return err
	}
	done := 0
	p.WriteText(out, dry || !asker.Possible())
	if !dry && asker.Possible() {
		done, err = p.Apply(cmd.Context(), asker.Confirm)
	}
	if len(p.Changes) > 0 {
		fmt.Fprintf(out, "%s made\n", units.Plural(done, "change"))
	}
	if len(p.Changes) > 0 && !dry && !asker.Possible() {
		fmt.Fprintln(out, "there is no terminal to ask at: --yes makes all changes")
	}
	return err
}

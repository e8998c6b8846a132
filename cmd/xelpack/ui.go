package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/ui"
)

func newUICommand() *cobra.Command {
	var o ui.Options
	var a archivesOptions
	var making makingFlags
	var log logOptions
	o.Fly.Plan.Selection = plan.Defaults()
	cmd := &cobra.Command{
		Use:   "ui",
		Short: "Choose, build and fly a flight on a page in the browser",
		Long: `Serves a page on this computer that does what fly does: choose a flight plan and packages,
see what the flight costs, build, seal and mount it, and end it. Open the address that is
printed; Ctrl-C ends the page, and a flight that is under way with it.`,
		Example: "  xelpack ui\n  xelpack ui --listen 127.0.0.1:8089",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Fly.Archives, o.Fly.Quota, err = a.parse(); err != nil {
				return err
			}
			if o.Fly.Plan.Making, err = making.parse(); err != nil {
				return err
			}
			if o.Fly.Log, err = log.logger(cmd.ErrOrStderr()); err != nil {
				return err
			}
			o.Fly.Build = build.Defaults()
			o.Finder = cli.Finder(cmd)
			o.Plans = filepath.Join(filepath.Dir(o.Fly.Archives), "plans")
			o.Address = filepath.Join(filepath.Dir(o.Fly.Archives), "ui.address")
			s, err := ui.Start(cmd.Context(), o)
			if first := (ui.Running{}); errors.As(err, &first) {
				notes(cmd.ErrOrStderr())("xelpack ui is running already: this is its page")
				fmt.Fprintln(cmd.OutOrStdout(), "open", first.URL)
				return nil
			}
			if err != nil {
				return err
			}
			defer s.Close()
			fmt.Fprintln(cmd.OutOrStdout(), "open", s.URL())
			<-cmd.Context().Done()
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Addr, "listen", "127.0.0.1:0", "serve the page at `ADDRESS` of this computer")
	registerImagery(f, &o.Fly.Plan.Imagery)
	making.register(f)
	a.register(f)
	log.register(f, "warn")
	return cmd
}

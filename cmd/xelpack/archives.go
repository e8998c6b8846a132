package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/archives"
	"github.com/xelpack/xelpack/internal/ask"
	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/report"
)

func newArchivesCommand() *cobra.Command {
	var o archivesOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "archives",
		Short: "List the archives of fly, and remove some",
		Long: `Lists the archives in the folder that fly keeps them in, with size, age and route, the
newest first. Beyond --archives-quota the oldest are named; they are never removed without
a word: "xelpack archives rm NAME..." asks first.`,
		Example: `  xelpack archives
  xelpack archives --archives-quota 200GB
  xelpack archives rm LSGG-LFMN`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, quota, err := o.parse()
			if err != nil {
				return err
			}
			list, err := archives.List(cmd.Context(), dir)
			if err != nil {
				return err
			}
			for _, a := range archives.Over(list, 0, quota) {
				fmt.Fprintf(cmd.ErrOrStderr(), "over the quota; the oldest: xelpack archives rm %s\n", a.Name)
			}
			return report.Write(cmd.OutOrStdout(), asJSON, append([]archives.Archive{}, list...),
				func(w io.Writer) error { return archives.WriteText(w, dir, list, quota, time.Now()) })
		},
	}
	o.register(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.AddCommand(newArchivesRmCommand())
	return cmd
}

func newArchivesRmCommand() *cobra.Command {
	var o archivesOptions
	var yes bool
	cmd := &cobra.Command{
		Use:     "rm NAME...",
		Short:   "Remove archives for good",
		Long:    "Removes archives of the folder that fly keeps them in. It asks first; --yes removes them unasked.",
		Example: "  xelpack archives rm LSGG-LFMN",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, _, err := o.parse()
			if err != nil {
				return err
			}
			asker := ask.New(cmd.InOrStdin(), cmd.ErrOrStderr(), false)
			sure := func(a archives.Archive) (bool, error) {
				if yes {
					return true, nil
				}
				return asker.Insist(cmd.Context(),
					fmt.Sprintf("remove %s for good?", a.Words(time.Now())))
			}
			return archives.Remove(cmd.Context(), dir, args, sure)
		},
	}
	o.register(cmd.Flags())
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cli.Explicit(cmd.Flags(), "yes")
	return cmd
}

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/signing"
)

func newKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Keys: make one, show one, list and forget others'",
		Long: `Keys are minisign's: what signs archives for "xelpack sign" signs files for minisign,
and the other way round. A secret key has a password, which is asked for on the terminal
or taken from XELPACK_KEY_PASSWORD. The keys of others are remembered when a signed
archive is first verified.`,
		Example: `  xelpack key make alice.key
  xelpack key list`,
	}
	var open, asJSON bool
	made := &cobra.Command{
		Use:   "make FILE.key",
		Short: "Make a pair of keys",
		Long: `Makes a pair of keys: FILE.key, which is secret, and FILE.pub, for others. Whoever has the
secret one can sign as you: keep it, and a copy of it, where nobody else reads.`,
		Example: "  xelpack key make alice.key",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			password := ""
			if !open {
				var err error
				if password, err = signing.Password(cmd.ErrOrStderr(), true); err != nil {
					return err
				}
			}
			key, pub, err := signing.Make(args[0], password)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: secret, key %s\n%s: for others: %s\n", args[0],
				signing.ID(key.ID()), pub, key)
			return err
		},
	}
	made.Flags().BoolVar(&open, "no-password", false, "leave the secret key without a password")
	cli.Explicit(made.Flags(), "no-password")
	list := &cobra.Command{
		Use:     "list",
		Short:   "List the keys of others that are remembered",
		Example: "  xelpack key list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			pins, err := signing.LoadPins()
			if err != nil {
				return err
			}
			return report.Pins(cmd.OutOrStdout(), pins.List, asJSON)
		},
	}
	list.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.AddCommand(made, list, &cobra.Command{
		Use:     "show KEY",
		Short:   "Show a public key, or that of a name that is remembered",
		Example: "  xelpack key show alice.pub",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			keys, err := signing.Find(args[0])
			for _, key := range keys {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s  key %s\n", key, signing.ID(key.ID()))
			}
			return err
		},
	}, &cobra.Command{
		Use:     "forget NAME",
		Short:   "Forget the key of a name, so that its next one is taken",
		Example: "  xelpack key forget alice",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			pins, err := signing.LoadPins()
			if err != nil {
				return err
			}
			return pins.Forget(args[0])
		},
	})
	return cmd
}

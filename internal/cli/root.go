// Package cli is what all verbs of the command line share: errors that say what was expected, the
// user's defaults for flags, and completion in the shell.
//
//	root := &cobra.Command{Use: "xelpack", PersistentPreRunE: …, … }
//	root.AddCommand(newBuildCommand(), …)
//	cli.Prepare(root, exitCodesHelp)
//	root.SetArgs(cli.ExpandHomes(os.Args[1:]))
//
// Its errors are a usage.Error.
package cli

import (
	"iter"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/usage"
)

// Prepare completes a root command that has all its verbs. footer is added to each verb's help.
func Prepare(root *cobra.Command, footer string) {
	root.SetFlagErrorFunc(flagError)
	addXPlane(root)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := ApplyDefaults(cmd); err != nil {
			return err
		}
		return FindNames(cmd)
	}
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.Long += "\n\n" + footer
	root.Args = func(_ *cobra.Command, args []string) error { return known(root, args) }
	for c := range Commands(root) {
		c.Long += "\n\n" + footer
		c.Args = checkedArgs(c.Args)
		switch c.Name() { // cobra's own commands, which succeed with unknown arguments
		case "help":
			c.Args = root.Args
		case "completion":
			c.RunE = func(*cobra.Command, []string) error {
				return usage.Errorf("no shell given (want bash, zsh, fish or powershell)")
			}
		}
	}
}

// Commands yields all commands below root.
func Commands(root *cobra.Command) iter.Seq[*cobra.Command] {
	return func(yield func(*cobra.Command) bool) {
		for _, c := range root.Commands() {
			if !yield(c) {
				return
			}
			Commands(c)(yield)
		}
	}
}

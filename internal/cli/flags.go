package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/usage"
)

// flagError describes an error of a flag on the command line.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var bad *pflag.InvalidValueError
	switch {
	case errors.As(err, &bad):
		return usage.Errorf("--%s %q: %s", bad.GetFlag().Name, bad.GetValue(), want(bad.GetFlag()))
	case errors.As(err, &bare):
		return usage.Errorf("--%s needs a value: %s", bare.GetFlag().Name, want(bare.GetFlag()))
	case !errors.As(err, &unknown):
		return usage.Error{Err: err}
	}
	// If a verb is misspelt, the root command sees the flags of the verb that was meant.
	if words := cmd.Flags().Args(); !cmd.HasParent() && len(words) > 0 {
		return unknownCommand(cmd, words[0])
	}
	if unknown.GetSpecifiedShortnames() != "" {
		return usage.Errorf("unknown flag -%s", unknown.GetSpecifiedName())
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return usage.Errorf("unknown flag --%s%s", unknown.GetSpecifiedName(),
		usage.DidYouMean("--", unknown.GetSpecifiedName(), names))
}

// want describes the values of a flag.
func want(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "want true or false"
	case "duration":
		return "want a duration with a unit, such as 20s or 10m"
	case "float64":
		return "want a number"
	case "intSlice":
		return "want whole numbers, such as 16,17"
	case "stringSlice":
		return "want names with commas between them"
	case "string", "stringArray":
		_, text := pflag.UnquoteUsage(f)
		return text
	case "uint8": // zoom levels
		return "want a whole number, such as " + f.DefValue
	}
	return "want a whole number"
}

// checkedArgs turns a wrong number of arguments into a usage error.
func checkedArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if check == nil || check(cmd, args) == nil {
			return nil
		}
		what := fmt.Sprintf("%s given", units.Plural(len(args), "argument"))
		switch {
		case len(args) == 0:
			what = "arguments are missing"
		case cmd.HasSubCommands() && check(cmd, nil) == nil:
			return unknownCommand(cmd, args[0])
		case check(cmd, nil) == nil, len(cmd.ValidArgs) > 0:
			what = fmt.Sprintf("unexpected argument %q", args[0])
		}
		return usage.Errorf("%s (usage: %s)", what, cmd.UseLine())
	}
}

// unknownCommand is the error for a word that is not a command below cmd.
func unknownCommand(cmd *cobra.Command, word string) error {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return usage.Errorf("unknown command %q%s", word, usage.DidYouMean("", word, names))
}

// known returns an error if words do not name a command.
func known(root *cobra.Command, words []string) error {
	if cmd, rest, err := root.Find(words); err != nil || len(rest) > 0 {
		return unknownCommand(cmd, words[len(words)-len(rest)])
	}
	return nil
}

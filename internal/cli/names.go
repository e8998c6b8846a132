package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/names"
)

// simBriefVariable is the address of a test's SimBrief.
const simBriefVariable = "XELPACK_TEST_SIMBRIEF"

// addXPlane gives every verb the flag for X-Plane's folder.
func addXPlane(root *cobra.Command) {
	root.PersistentFlags().String("xplane", "",
		"X-Plane's `DIR` (default: where its installer recorded it)")
}

// XPlane returns the folder that --xplane, or its default, names; "" without either.
func XPlane(cmd *cobra.Command) string { return cmd.Flag("xplane").Value.String() }

// Default returns the user's default for a flag, whether or not the verb has it; "" without one.
func Default(name string) string {
	if d, err := readDefaults(); err == nil {
		if values, _ := d.lookup(name); len(values) > 0 {
			return expandHome(values[0])
		}
	}
	return ""
}

// Finder returns what finds flight plans and packages by name for a verb.
func Finder(cmd *cobra.Command) names.Finder {
	f := names.Finder{XPlane: XPlane(cmd), SimBriefUser: Default("simbrief"),
		SimBrief: os.Getenv(simBriefVariable),
		Note:     func(text string) { fmt.Fprintln(cmd.ErrOrStderr(), text) }}
	if offline := cmd.Flags().Lookup("offline"); offline != nil {
		f.Offline = offline.Value.String() == "true"
	}
	return f
}

// FindNames replaces the names that --route and --scenery give by the files and folders that they
// stand for. A name that stands for nothing stays.
func FindNames(cmd *cobra.Command) error {
	f := Finder(cmd)
	var errs []error
	for name, find := range map[string]func(context.Context, string) (string, error){
		"route": f.Route, "scenery": f.Scenery,
	} {
		flag := cmd.Flags().Lookup(name)
		if flag == nil {
			continue
		}
		list, several := flag.Value.(pflag.SliceValue)
		values := []string{flag.Value.String()}
		if several {
			values = list.GetSlice()
		}
		for i, value := range values {
			found, err := find(cmd.Context(), value)
			if err != nil {
				errs = append(errs, fmt.Errorf("--%s: %w", name, err))
				continue
			}
			values[i] = found
		}
		var err error
		if several {
			err = list.Replace(values)
		} else {
			err = flag.Value.Set(values[0])
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// applyDefaults gives every flag of cmd that the command line leaves out its value from the environment (XELPACK_NAME) or else from the
// user's config.toml.
func applyDefaults(cmd *cobra.Command) error {
	config, path, err := readConfig()
	if err != nil {
		return err
	}
	var errs []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		// What names the work itself comes from the command line only: a forgotten default bbox would be a nasty surprise.
		if f.Changed || f.Annotations[explicitKey] != nil || slices.Contains([]string{"help", "version", "output", "route", "bbox", "region", "list", "dry-run"}, f.Name) {
			return
		}
		name := "XELPACK_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if v, ok := os.LookupEnv(name); ok {
			if err := f.Value.Set(v); err != nil {
				errs = append(errs, usageErrorf("environment variable %s=%q: %w", name, v, err))
			}
			return
		}
		if v, ok := config[f.Name]; ok {
			for _, item := range asStrings(v) {
				if err := f.Value.Set(item); err != nil {
					errs = append(errs, usageErrorf("%s: %s = %v: %w", path, f.Name, v, err))
				}
			}
		}
	})
	return errors.Join(errs...)
}

// explicitKey marks flags that have no default of the user's.
const explicitKey = "xelpack-explicit"

// explicit marks flags that say what is to be done: they come from the command line only.
func explicit(f *pflag.FlagSet, names ...string) {
	for _, name := range names {
		f.Lookup(name).Annotations = map[string][]string{explicitKey: {}}
	}
}

// readConfig returns the keys of the user's config.toml, none when there is no such file.
func readConfig() (config map[string]any, path string, err error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return nil, "", nil // no home, no configuration
	}
	path = filepath.Join(dir, "xelpack", "config.toml")
	if _, err := toml.DecodeFile(path, &config); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, path, usageErrorf("%s: %w", path, err)
	}
	return config, path, nil
}

func asStrings(v any) []string {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, item := range list {
		out = append(out, fmt.Sprint(item))
	}
	return out
}

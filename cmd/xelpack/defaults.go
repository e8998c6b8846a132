package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/daemon"
	"github.com/xelpack/xelpack/internal/realpath"
)

// variablePrefix begins the names of the environment variables that are defaults.
const variablePrefix = "XELPACK_"

// otherVariables are, or begin, names in the environment that are no flags': of tokens, of a
// daemon, and of the tests of this source.
var otherVariables = [...]string{"XELPACK_TOKEN_", daemon.ReadyVariable, "XELPACK_TEST_", "XELPACK_DRILL", "XELPACK_SOAK", "XELPACK_COUNTED"}

// defaults are what a user wants of flags that the command line leaves out.
type defaults struct {
	file   string         // config.toml
	config map[string]any // of it; nil when there is none
}

// applyDefaults gives every flag of cmd that the command line leaves out its value from the
// environment (XELPACK_NAME) or else from the user's config.toml. A name in either that is no
// flag's of any command is an error.
func applyDefaults(cmd *cobra.Command) error {
	if cmd.Name() == "version" || strings.HasPrefix(cmd.Name(), "__complete") || cmd.Parent() != nil && cmd.Parent().Name() == "completion" {
		return nil // these have to work whatever is configured
	}
	d, err := readDefaults()
	if err != nil {
		return err
	}
	return errors.Join(d.checkNames(cmd.Root()), d.apply(cmd.Flags()))
}

// readDefaults reads config.toml.
func readDefaults() (d defaults, err error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return d, nil // no home, no configuration
	}
	d.file = filepath.Join(dir, "xelpack", "config.toml")
	if _, err := toml.DecodeFile(d.file, &d.config); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return d, usageErrorf("%s: %w", d.file, err)
	}
	return d, nil
}

// apply sets the flags of a command that have a default. One that does not apply beside the other
// flags is passed over.
func (d defaults) apply(flags *pflag.FlagSet) error {
	set := func(name string) bool {
		f := flags.Lookup(name)
		return f != nil && (f.Changed || takesDefault(f) && d.has(name))
	}
	given := func(name string) bool { f := flags.Lookup(name); return f != nil && f.Changed }
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || !takesDefault(f) || !applies(f.Name, set, given) {
			return
		}
		values, source := d.lookup(f.Name)
		for _, v := range values {
			if err := f.Value.Set(expandHome(v)); err != nil {
				errs = append(errs, usageErrorf("%s = %q: %s", source, v, want(f)))
			}
		}
	})
	return errors.Join(errs...)
}

// applies reports whether a default makes sense beside the flags that are set, by the command line
// or by other defaults, or given on the command line.
func applies(name string, set, given func(string) bool) bool {
	switch name {
	case "corridor":
		return set("route")
	case "maptype":
		return !set("scenery")
	case "scenery":
		return !given("maptype")
	case "meshes":
		return set("scenery") && (set("route") || set("bbox") || set("region"))
	case "offline":
		return !given("no-store")
	case "no-store":
		return !given("offline")
	case "http-allow-remote", "http-pprof":
		return set("http")
	}
	return true
}

// lookup returns the default values of a flag and where they stand.
func (d defaults) lookup(name string) (values []string, source string) {
	if v, ok := os.LookupEnv(variableOf(name)); ok {
		return []string{v}, "environment variable " + variableOf(name)
	}
	switch v := d.config[name].(type) {
	case nil:
	case []any:
		for _, item := range v {
			values = append(values, fmt.Sprint(item))
		}
	case map[string]any, []map[string]any:
		values = []string{"a table"} // no flag takes one
	default:
		values = []string{fmt.Sprint(v)}
	}
	return values, d.file + ": " + name
}

func (d defaults) has(name string) bool {
	values, _ := d.lookup(name)
	return values != nil
}

// checkNames refuses what is no flag's name, and what comes from the command line only.
func (d defaults) checkNames(root *cobra.Command) error {
	may := make(map[string]bool) // have a default, by name; false for those that come from the command line only
	collectFlags(root, may)
	var errs []error
	check := func(name, what string, spell func(string) string) {
		if takes, known := may[name]; !known {
			errs = append(errs, usageErrorf("%s is no flag of any command%s", what, suggestion(name, maps.Clone(may), spell)))
		} else if !takes {
			errs = append(errs, usageErrorf("%s says what is to be done, and cannot be a default: give --%s on the command line", what, name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.config)) {
		check(name, fmt.Sprintf("%s: %s", d.file, name), func(name string) string { return name })
	}
	for _, entry := range slices.Sorted(slices.Values(os.Environ())) {
		variable, _, _ := strings.Cut(entry, "=")
		name, ours := strings.CutPrefix(variable, variablePrefix)
		if ours && !slices.ContainsFunc(otherVariables[:], func(other string) bool { return strings.HasPrefix(variable, other) }) {
			check(strings.ToLower(strings.ReplaceAll(name, "_", "-")), "environment variable "+variable, variableOf)
		}
	}
	return errors.Join(errs...)
}

func collectFlags(cmd *cobra.Command, may map[string]bool) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { may[f.Name] = may[f.Name] || takesDefault(f) })
	for _, c := range cmd.Commands() {
		collectFlags(c, may)
	}
}

// suggestion names the flag that may be meant.
func suggestion(name string, may map[string]bool, spell func(string) string) string {
	maps.DeleteFunc(may, func(_ string, takes bool) bool { return !takes })
	if near := nearest(name, slices.Sorted(maps.Keys(may))); near != "" {
		return fmt.Sprintf(" (did you mean %s?)", spell(near))
	}
	return "; `xelpack COMMAND --help` lists them"
}

func variableOf(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// takesDefault reports whether a flag may have a default. What names the work itself comes from the
// command line only: a forgotten default bbox would be a nasty surprise.
func takesDefault(f *pflag.Flag) bool {
	return f.Annotations[explicitKey] == nil && !slices.Contains([]string{"help", "version", "output", "route", "bbox", "region", "from-trace", "list", "dry-run"}, f.Name)
}

// explicitKey marks flags that have no default of the user's.
const explicitKey = "xelpack-explicit"

// explicit marks flags that say what is to be done: they come from the command line only.
func explicit(f *pflag.FlagSet, names ...string) {
	for _, name := range names {
		f.Lookup(name).Annotations = map[string][]string{explicitKey: {}}
	}
}

// expandHomes puts the user's home for every ~ that begins an argument, or the value in it: no
// shell does where it stands in quotes or behind "--flag=".
func expandHomes(args []string) []string {
	expanded := make([]string, len(args))
	for i, arg := range args {
		flag, value, ok := strings.Cut(arg, "=")
		if ok && strings.HasPrefix(flag, "-") {
			expanded[i] = flag + "=" + expandHome(value)
		} else {
			expanded[i] = expandHome(arg)
		}
	}
	return expanded
}

// expandHome puts the user's home for the ~ of "~", "~/folder" and "mbtiles:~/file".
func expandHome(value string) string {
	if path, ok := strings.CutPrefix(value, "mbtiles:"); ok {
		return "mbtiles:" + realpath.Home(path)
	}
	return realpath.Home(value)
}

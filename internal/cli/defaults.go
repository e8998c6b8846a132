package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/daemon"
	"github.com/xelpack/xelpack/internal/opener"
	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/signing"
	"github.com/xelpack/xelpack/internal/textfile"
	"github.com/xelpack/xelpack/internal/usage"
)

// variablePrefix is the prefix of environment variables with defaults.
const variablePrefix = "XELPACK_"

// otherVariables are, or begin, names of environment variables that are not flags: tokens, the
// password of a key, a daemon's, and those of tests.
var otherVariables = [...]string{"XELPACK_TOKEN_", opener.LimitVariable, signing.PasswordVariable, daemon.ReadyVariable, "XELPACK_TEST_",
	"XELPACK_DRILL", "XELPACK_SOAK", "XELPACK_COUNTED", "XELPACK_SEAL_LOAD"}

// defaults are the user's defaults for flags that the command line leaves out.
type defaults struct {
	file   string         // config.toml
	config map[string]any // content of file; nil: no file
}

// ApplyDefaults sets every flag of cmd that the command line leaves out from the environment
// (XELPACK_NAME) or else from the user's config.toml. A name in either that is not a flag of any
// command is an error.
func ApplyDefaults(cmd *cobra.Command) error {
	if cmd.Name() == "version" || strings.HasPrefix(cmd.Name(), "__complete") ||
		cmd.Parent() != nil && cmd.Parent().Name() == "completion" {
		return nil // these must work with any configuration
	}
	d, err := readDefaults()
	if err != nil {
		return err
	}
	return errors.Join(d.checkNames(cmd.Root()), d.apply(cmd.Flags()))
}

// ConfigFile returns the name of the user's config.toml.
func ConfigFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder of configurations: %w", err)
	}
	return filepath.Join(dir, "xelpack", "config.toml"), nil
}

// readDefaults reads config.toml.
func readDefaults() (d defaults, err error) {
	if d.file, err = ConfigFile(); err != nil {
		return d, nil // no home, no configuration
	}
	text, err := textfile.Read(d.file, 1<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err == nil {
		_, err = textfile.TOML(text, &d.config)
	}
	if err != nil {
		return d, usage.Errorf("%s: %w", d.file, err)
	}
	return d, nil
}

// apply sets the flags of a command that have a default. A default that does not apply in
// combination with the other flags is ignored.
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
		if len(values) != 1 && !strings.HasSuffix(f.Value.Type(), "Slice") &&
			!strings.HasSuffix(f.Value.Type(), "Array") && d.has(f.Name) {
			errs = append(errs, usage.Errorf("%s: want one value, not a list", source))
			return
		}
		for _, v := range values {
			if err := f.Value.Set(expandHome(v)); err != nil {
				errs = append(errs, usage.Errorf("%s = %q: %s", source, v, want(f)))
			}
		}
	})
	return errors.Join(errs...)
}

// applies reports whether a default makes sense with the flags that are set (by the command line or
// by other defaults) or given on the command line.
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

// lookup returns the default values of a flag and their source.
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

// checkNames refuses names that are not flags, and flags that must be given on the command line.
func (d defaults) checkNames(root *cobra.Command) error {
	may := make(map[string]bool) // whether a flag may have a default, by name
	collectFlags(root, may)
	var errs []error
	check := func(name, what string, spell func(string) string) {
		if takes, known := may[name]; !known {
			errs = append(errs, usage.Errorf("%s: no command has this flag%s", what,
				suggestion(name, maps.Clone(may), spell)))
		} else if !takes {
			errs = append(errs, usage.Errorf(
				"%s cannot have a default: give --%s on the command line", what, name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.config)) {
		check(name, fmt.Sprintf("%s: %s", d.file, name), func(name string) string { return name })
	}
	for _, entry := range slices.Sorted(slices.Values(os.Environ())) {
		variable, _, _ := strings.Cut(entry, "=")
		name, ours := strings.CutPrefix(variable, variablePrefix)
		if ours && !slices.ContainsFunc(otherVariables[:],
			func(other string) bool { return strings.HasPrefix(variable, other) }) {
			check(strings.ToLower(strings.ReplaceAll(name, "_", "-")),
				"environment variable "+variable, variableOf)
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

// suggestion returns the flag that may be meant.
func suggestion(name string, may map[string]bool, spell func(string) string) string {
	maps.DeleteFunc(may, func(_ string, takes bool) bool { return !takes })
	if near := usage.Nearest(name, slices.Sorted(maps.Keys(may))); near != "" {
		return fmt.Sprintf(" (did you mean %s?)", spell(near))
	}
	return "; `xelpack COMMAND --help` lists them"
}

func variableOf(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// takesDefault reports whether a flag may have a default. Flags that name the work itself must be
// given on the command line: a forgotten default bbox would be a nasty surprise.
func takesDefault(f *pflag.Flag) bool {
	return f.Annotations[explicitKey] == nil &&
		!slices.Contains([]string{"help", "version", "output", "route", "bbox", "region",
			"from-trace", "list", "dry-run"}, f.Name)
}

// explicitKey marks flags that cannot have a user's default.
const explicitKey = "xelpack-explicit"

// Explicit marks flags that must be given on the command line.
func Explicit(f *pflag.FlagSet, names ...string) {
	for _, name := range names {
		f.Lookup(name).Annotations = map[string][]string{explicitKey: {}}
	}
}

// ExpandHomes replaces a ~ at the start of an argument, or of its value, by the user's home: no
// shell does that inside quotes or after "--flag=".
func ExpandHomes(args []string) []string {
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

// expandHome replaces the ~ of "~", "~/folder" and "mbtiles:~/file" by the user's home.
func expandHome(value string) string {
	if path, ok := strings.CutPrefix(value, "mbtiles:"); ok {
		return "mbtiles:" + realpath.Home(path)
	}
	return realpath.Home(value)
}

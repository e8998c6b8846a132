package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/mosaic"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// Choices are the words that flags of these names take.
var Choices = map[string][]string{
	"quality":     {"fast", "good", "best"},
	"compress":    {"none", "fast", "best"},
	"detail":      {"sight", "full"},
	"live":        {"off", "scenery", "any"},
	"prefetch":    {"on", "off"},
	"log-level":   {"debug", "info", "warn", "error"},
	"on-existing": {"skip", "replace", "fail"},
	"prefer":      {"first", "newest", "sharpest"},
	"format":      {"bc1", "bc3"},
}

// routeEndings are the usual extensions of flight plans that can be read.
var routeEndings = []string{"fms", "geojson", "json", "gpx", "kml", "kmz", "lnmpln", "pln", "fpl",
	"xml"}

// endings are the extensions of the files that flags of these names take. If a flag takes another
// kind in some command, it is listed as "command.flag".
var endings = map[string][]string{
	"output":             {"mbtiles"},
	"patch":              {"mbtiles"},
	"installed":          {"mbtiles"},
	"route":              routeEndings,
	"region":             {"geojson", "json", "kml", "kmz"},
	"from-trace":         {"trace"},
	"map":                {"html", "png"},
	"trace synth.output": {"trace"},
	"bench.output":       {"json"},
}

// folders are the flags that take a folder.
var folders = []string{"scenery", "cache-dir"}

// Complete registers shell completion if args are a shell's question. cobra keeps for ever what is
// registered, and with it the whole tree of commands.
func Complete(root *cobra.Command, args []string) {
	if len(args) == 0 || !strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return
	}
	if err := root.RegisterFlagCompletionFunc("xplane",
		cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)); err != nil {
		panic(err) // the flag is not registered
	}
	for c := range Commands(root) {
		complete(c)
	}
}

// complete registers shell completion of one command.
func complete(c *cobra.Command) {
	name := strings.TrimPrefix(c.CommandPath(), "xelpack ")
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		files := endings[f.Name]
		if of, ok := endings[name+"."+f.Name]; ok {
			files = of
		}
		var complete cobra.CompletionFunc
		switch {
		case f.Name == "help" || f.Value.Type() == "bool":
			return
		case Choices[f.Name] != nil:
			complete = cobra.FixedCompletions(Choices[f.Name], cobra.ShellCompDirectiveNoFileComp)
		case f.Name == "provider" || f.Name == "check":
			complete = completeProvider
		case f.Name == "maptype":
			complete = completeMaptype
		case files != nil:
			complete = cobra.FixedCompletions(files, cobra.ShellCompDirectiveFilterFileExt)
		case slices.Contains(folders, f.Name):
			complete = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
		case f.Value.Type() == "string" && strings.Contains(f.Usage, "`FILE`"):
			return // any file
		default:
			complete = cobra.NoFileCompletions
		}
		if err := c.RegisterFlagCompletionFunc(f.Name, complete); err != nil {
			panic(err) // the flag is registered twice, or not at all
		}
	})
	if c.ValidArgsFunction == nil && c.ValidArgs == nil {
		c.ValidArgsFunction = completeArgs(argNames(c.Use))
	}
}

// argNames are the names of the arguments in a usage line.
func argNames(use string) []string {
	var names []string
	flag := true // as the command's name, no argument follows
	for _, word := range strings.Fields(use) {
		isFlag := strings.HasPrefix(strings.TrimPrefix(word, "["), "-")
		if !flag && !isFlag {
			names = append(names, word)
		}
		flag = isFlag
	}
	return names
}

// completeArgs completes arguments according to their names in the usage line.
func completeArgs(names []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var wanted []string // extensions of the next argument
		for i, name := range names {
			name = strings.Trim(name, "[]")
			if i == len(args) || i < len(args) &&
				(strings.HasSuffix(name, "...") || strings.HasSuffix(name, "…")) {
				wanted = append(wanted, strings.TrimRight(name, ".…"))
			}
		}
		switch {
		case slices.ContainsFunc(wanted, func(w string) bool {
			return strings.HasPrefix(w, "ARCHIVE") || w == "OLD" || w == "NEW" || w == "PATCH"
		}):
			return []string{"mbtiles"}, cobra.ShellCompDirectiveFilterFileExt
		case slices.Contains(wanted, "DIR"), slices.Contains(wanted, "MOUNTPOINT"):
			return nil, cobra.ShellCompDirectiveFilterDirs
		case len(wanted) == 0:
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveDefault
	}
}

// completeProvider lists the providers with descriptions.
func completeProvider(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	list := []string{imagery.Auto,
		cobra.CompletionWithDesc(mosaic.OpenID, "the best open imagery of every place")}
	if find, err := imagery.Finder(); err == nil {
		list = append(list, find.Own()...)
	}
	for _, p := range knownProviders() {
		list = append(list, cobra.CompletionWithDesc(p.ID, cmp.Or(p.Coverage, p.Name)))
	}
	return list, cobra.ShellCompDirectiveDefault // or a file
}

// completeMaptype lists the maptypes of providers.
func completeMaptype(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var list []string
	for _, p := range knownProviders() {
		list = append(list, cobra.CompletionWithDesc(p.Code, p.Name))
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// knownProviders returns the user's and the built-in providers, or only the latter if the user's
// file is invalid: completion cannot report errors.
func knownProviders() []fetch.Provider {
	known, err := imagery.Catalogue()
	if err != nil {
		return providers.BuiltIn()
	}
	return known.Providers()
}

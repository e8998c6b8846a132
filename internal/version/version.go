// Package version has the version of xelpack.
package version

import (
	"runtime/debug"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// unreleased is the version of what was built from no tag.
const unreleased = "0.0.0-dev"

// What scripts/cross.sh knows of the source, and Go would know only in an ordinary checkout.
var release, commit string

// String returns the version that the tag of the source names, "0.0.0-dev" where it has none or was
// changed since.
func String() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return unreleased
	}
	return ofModule(info.Main.Version)
}

// ofModule makes a version of what Go says of the main module: a tag, a pseudo-version that it makes
// of a commit, or "(devel)".
func ofModule(v string) string {
	if !semver.IsValid(v) || module.IsPseudoVersion(v) || semver.Build(v) != "" {
		return unreleased
	}
	return strings.TrimPrefix(v, "v")
}

// Commit returns what the source was, "" where nothing is known of it: the first digits of the
// commit, and whether it was changed since.
func Commit() string {
	if commit != "" {
		return commit
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return commitOf(info.Settings)
}

func commitOf(settings []debug.BuildSetting) (commit string) {
	const digits = 12
	changed := ""
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(digits, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = ", changed since"
		}
	}
	if commit == "" {
		return ""
	}
	return commit + changed
}

// Program is xelpack's name and version, for providers and archives.
func Program() string { return "xelpack/" + String() }

// Package version says which xelpack this is.
package version

import "runtime/debug"

// String returns the module's version, "devel" for a build from a checkout.
func String() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// Program is how we introduce ourselves to providers, and in archives.
func Program() string { return "xelpack/" + String() }

package version

import (
	"runtime/debug"
	"testing"
)

func TestOfModule(t *testing.T) {
	for v, want := range map[string]string{
		"v0.2.0":                               "0.2.0",
		"v1.0.0-rc.1":                          "1.0.0-rc.1",
		"v0.2.0+dirty":                         unreleased, // the tag's source was changed
		"v0.2.1-0.20261126210000-2c8adeb1f0aa": unreleased, // a commit after the tag
		"v0.0.0-20261126210000-2c8adeb1f0aa":   unreleased,
		"(devel)":                              unreleased,
		"":                                     unreleased,
	} {
		if got := ofModule(v); got != want {
			t.Errorf("%q is version %q, want %q", v, got, want)
		}
	}
}

func TestCommitOf(t *testing.T) {
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "2c8adeb1f0aa0123456789"}
	for name, c := range map[string]struct {
		settings []debug.BuildSetting
		want     string
	}{
		"none":    {nil, ""},
		"clean":   {[]debug.BuildSetting{revision, {Key: "vcs.modified", Value: "false"}}, "2c8adeb1f0aa"},
		"changed": {[]debug.BuildSetting{revision, {Key: "vcs.modified", Value: "true"}}, "2c8adeb1f0aa, changed since"},
	} {
		if got := commitOf(c.settings); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/observe/logs"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/combine"
	"github.com/xelpack/xelpack/pkg/mount"
)

// What the shell offers is accepted, and is all that the help names.
func TestChoices(t *testing.T) {
	parsers := map[string]func(string) error{
		"quality":   func(s string) error { _, err := dds.ParseQuality(s); return err },
		"compress":  func(s string) error { _, err := mbtiles.ParseCompression(s); return err },
		"prefer":    func(s string) error { _, err := combine.ParsePreference(s); return err },
		"live":      func(s string) error { _, err := mount.ParseLiveMode(s); return err },
		"log-level": func(s string) error { _, err := logs.ParseLevel(s); return err },
	}
	unused := make(map[string]bool)
	for name, values := range cli.Choices {
		unused[name] = true
		for _, value := range values {
			if parse := parsers[name]; parse != nil && parse(value) != nil {
				t.Errorf("--%s %s: %v", name, value, parse(value))
			}
		}
	}
	for c := range cli.Commands(newRootCommand()) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			delete(unused, f.Name)
			for _, value := range cli.Choices[f.Name] {
				if !strings.Contains(f.Usage, value) {
					t.Errorf("%s --%s: the help does not name %q: %s", c.CommandPath(), f.Name,
						value, f.Usage)
				}
			}
		})
	}
	for name := range unused {
		t.Errorf("choices of --%s, which no command has", name)
	}
}

// pflag takes a word in backquotes for the name of the flag's value.
func TestFlagHelp(t *testing.T) {
	for c := range cli.Commands(newRootCommand()) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			value, usage := pflag.UnquoteUsage(f)
			switch {
			case strings.ContainsAny(value, " `") || f.Value.Type() == "bool" && value != "":
				t.Errorf("%s --%s takes %q", c.CommandPath(), f.Name, value)
			case strings.Contains(usage, "`"):
				t.Errorf("%s --%s: backquotes in %q", c.CommandPath(), f.Name, usage)
			case usage == "":
				t.Errorf("%s --%s: no help", c.CommandPath(), f.Name)
			}
		})
	}
}

func TestCompletion(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	tests := []struct {
		line string
		// one of the words offered; ":8" for files of the endings offered, ":16" for folders, ":4"
		// for no files
		want string
	}{
		{"bu", "build"}, {"build --quality ", "good"}, {"build --compress ", "best"},
		{"build --provider ", "eox"}, {"build --maptype ", "EOX"},
		{"build --maptype ", ":4"}, {"build -o ", "mbtiles"}, {"build -o ", ":8"},
		{"plan --route ", "fms"}, {"plan --scenery ", ":16"}, {"plan --zoom ", ":4"},
		{"plan ", ":4"}, {"mount --live ", "scenery"}, {"mount ", "mbtiles"},
		{"mount a.mbtiles ", "mbtiles"}, {"info ", "mbtiles"}, {"info a.mbtiles ", ":4"},
		{"extract ", "mbtiles"}, {"extract a.mbtiles ", ":4"},
		{"merge a.mbtiles b.mbtiles ", "mbtiles"}, {"export a.mbtiles ", ":16"},
		{"umount ", ":16"},
		{"trace synth -o ", "trace"}, {"bench all -o ", "json"}, {"bench ", "encode"},
		{"repair --log-level ", "debug"}, {"encode --format ", "bc3"}, {"import ", ":16"},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(append([]string{"__complete"}, strings.Split(tt.line, " ")...), &stdout,
				&stderr); code != exitDone {
				t.Fatalf("exit code %d: %s", code, stderr.String())
			}
			var words []string
			for line := range strings.Lines(stdout.String()) {
				word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
				words = append(words, word)
			}
			if !slices.Contains(words, tt.want) {
				t.Errorf("offered %q, want %q among them", words, tt.want)
			}
		})
	}
}

// Package benchpage keeps the measured sections of docs/benchmarks.md: each is written by one program, and found again by the comments round it.
package benchpage

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/prometheus/procfs"
)

// Replace puts text in the place of a section of a Markdown file. The section is appended if it is not there, the file made if it is not.
// command is what writes the section: it is named to whoever would edit it by hand.
func Replace(file, section, command, text string) error {
	start := fmt.Sprintf("<!-- %s: written by %s -->\n", section, command)
	end := fmt.Sprintf("<!-- end of %s -->\n", section)
	old, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	before, rest, found := strings.Cut(string(old), start)
	_, after, closed := strings.Cut(rest, end)
	if found && !closed {
		return fmt.Errorf("%s: %q is missing", file, strings.TrimSpace(end))
	}
	if !found && before != "" {
		before = strings.TrimRight(before, "\n") + "\n\n"
	}
	return os.WriteFile(file, []byte(before+start+text+end+after), 0o644)
}

// Machine says what the figures were taken on.
func Machine() string {
	name := runtime.GOARCH
	if proc, err := procfs.NewDefaultFS(); err == nil {
		if info, err := proc.CPUInfo(); err == nil && len(info) > 0 {
			name = info[0].ModelName
		}
	}
	return fmt.Sprintf("%s, %d cores, %s", name, runtime.NumCPU(), runtime.Version())
}

package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/prometheus/procfs"
)

// replace replaces a section of a Markdown file with text. A missing section is appended, a missing
// file created. command is named in the file as the writer of the section.
func replace(file, section, command, text string) error {
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

// machine describes the machine.
func machine() string {
	name := runtime.GOARCH
	if proc, err := procfs.NewDefaultFS(); err == nil {
		if info, err := proc.CPUInfo(); err == nil && len(info) > 0 {
			name = info[0].ModelName
		}
	}
	return fmt.Sprintf("%s, %d cores, %s", name, runtime.NumCPU(), runtime.Version())
}

// row is the cells of one line of a table.
type row []string

// table writes a Markdown table.
func table(head row, rows []row) string {
	var b strings.Builder
	line := func(cells row) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	fmt.Fprintf(&b, "|%s\n", strings.Repeat("---|", len(head)))
	for _, r := range rows {
		line(r)
	}
	return b.String()
}

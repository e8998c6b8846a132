package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// row is one line of the table.
type row struct {
	what, must, measured, beside string
}

func (r row) String() string {
	return "| " + strings.Join([]string{r.what, r.must, r.measured, r.beside}, " | ") + " |"
}

func (b *bench) markdown(rows []row) string {
	var s strings.Builder
	fmt.Fprintf(&s, "## Mount\n\n`make bench-mount` on %s, kernel %s; %s. Servers and readers are processes of their own; the source lies in the page cache, the mount's page cache is cold;\n"+
		"the candidates take turns and the best of %d rounds counts.\n\n| what | must (aim) | measured | beside it |\n|---|---|---|---|\n", machine(), kernel(), b.data.imagery(), b.rounds)
	for _, r := range rows {
		fmt.Fprintln(&s, r)
	}
	return s.String()
}

const (
	sectionStart = "<!-- mount: written by make bench-mount -->\n"
	sectionEnd   = "<!-- end of mount -->\n"
)

// replaceSection puts text between the marks of a file, which are appended if they are not there.
func replaceSection(file, text string) error {
	old, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	before, rest, found := strings.Cut(string(old), sectionStart)
	_, after, closed := strings.Cut(rest, sectionEnd)
	if found && !closed {
		return fmt.Errorf("%s: %q is missing", file, strings.TrimSpace(sectionEnd))
	}
	if !found && before != "" {
		before = strings.TrimRight(before, "\n") + "\n\n"
	}
	return os.WriteFile(file, []byte(before+sectionStart+text+sectionEnd+after), 0o644)
}

func machine() string {
	name := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(info), "model name"); ok {
			name, _, _ = strings.Cut(strings.TrimLeft(rest, "\t :"), "\n")
		}
	}
	return fmt.Sprintf("%s, %d cores, %s", name, runtime.NumCPU(), runtime.Version())
}

func kernel() string {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(release))
}

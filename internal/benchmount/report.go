package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/xelpack/xelpack/internal/benchpage"
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
		"the candidates take turns and the best of %d rounds counts.\n\n| what | must (aim) | measured | beside it |\n|---|---|---|---|\n", benchpage.Machine(), kernel(), b.data.imagery(), b.rounds)
	for _, r := range rows {
		fmt.Fprintln(&s, r)
	}
	return s.String()
}

func kernel() string {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(release))
}

// Command benchencode measures the encoder on one core: speed and quality of its levels beside libsquish's range fit, JPEG decoding, and a
// whole texture. It prints a table, and with -o writes it into the encoder section of a Markdown file.
//
//	go run -tags squish ./internal/benchencode -o docs/benchmarks.md
//
// The imagery is the set of 256 chunks in -chunks where it exists, and otherwise generated. Every figure is the best of several short runs; the
// candidates take turns, so that a busy machine disturbs all alike. Without the tag squish (which needs Debian's libsquish-dev) the baseline
// is left out and no ratio to it is given.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchencode:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	f := flag.NewFlagSet("benchencode", flag.ContinueOnError)
	chunks := f.String("chunks", "../shared/imagery/chunks", "folder of 256 JPEG chunks, ROW_COL.jpg")
	output := f.String("o", "", "Markdown file whose encoder section to replace")
	rounds := f.Int("rounds", 7, "how often everything is measured; the best counts")
	if err := f.Parse(args); err != nil {
		return err
	}
	set, err := loadSet(*chunks)
	if err != nil {
		return err
	}
	report, err := measure(set, *rounds)
	if err != nil {
		return err
	}
	text := report.markdown()
	if _, err := io.WriteString(stdout, text); err != nil {
		return err
	}
	if *output == "" {
		return nil
	}
	return replaceSection(*output, text)
}

const (
	sectionStart = "<!-- encoder: written by make bench-encode -->\n"
	sectionEnd   = "<!-- end of encoder -->\n"
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

// clock runs work and keeps the shortest of its times.
type clock struct{ best time.Duration }

func (c *clock) run(work func() error) error {
	start := time.Now()
	err := work()
	if d := time.Since(start); err == nil && (c.best == 0 || d < c.best) {
		c.best = d
	}
	return err
}

func (c *clock) milliseconds() float64 { return float64(c.best) / 1e6 }

func machine() string {
	name := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(info), "model name"); ok {
			name, _, _ = strings.Cut(strings.TrimLeft(rest, "\t :"), "\n")
		}
	}
	return fmt.Sprintf("%s, %d cores, %s", name, runtime.NumCPU(), runtime.Version())
}

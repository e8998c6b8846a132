// Command benchencode measures the encoder on one core: speed and quality of its levels beside libsquish's range fit, JPEG decoding, and a
// whole texture. It prints a table, and with -o writes it into the encoder section of a Markdown file.
//
//	go run -tags squish ./internal/benchencode -o docs/benchmarks.md
//
// The imagery is the set of 256 chunks in -chunks where it exists, and otherwise generated. Every figure is a sum over the chunks, of each the
// best of several runs; the candidates take turns, so that a busy machine disturbs all alike. Without the tag squish (which needs Debian's libsquish-dev) the baseline
// is left out and no ratio to it is given.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/xelpack/xelpack/internal/benchpage"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchencode:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	f := flag.NewFlagSet("benchencode", flag.ContinueOnError)
	chunks := f.String("chunks", "../shared/imagery/chunks", "folder of 256 JPEG chunks, ROW_COL.jpg")
	output := f.String("o", "", "Markdown file whose encoder section to replace")
	rounds := f.Int("rounds", 21, "how often everything is measured at most; the best counts")
	if err := f.Parse(args); err != nil {
		return err
	}
	set, err := loadSet(*chunks)
	if err != nil {
		return err
	}
	report, err := measure(ctx, set, *rounds)
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
	return benchpage.Replace(*output, "encoder", "make bench-encode", text)
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

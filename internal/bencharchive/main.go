// Command bencharchive measures the archive: size, coding, reading, listing and verifying, on real and on generated imagery in one run. It prints
// a table of what must be reached and what was measured, and with -o writes it into the archive section of a Markdown file.
//
//	go run ./internal/bencharchive -o docs/benchmarks.md
//
// "Set C" is 256 different aerial chunks in -chunks; without them only generated imagery is measured. Rates are of processor time, not of the
// clock, so that a busy machine disturbs them little; latencies and writing are of the clock. Figures are the best of -rounds.
//
// A new figure is a row in figures: what it is called, what it must be, and a function that measures it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/xelpack/xelpack/internal/benchpage"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bencharchive:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	chunks   string
	output   string
	only     string
	textures int
	rounds   int
	merge    int64
}

func run(ctx context.Context, args []string, stdout io.Writer) (err error) {
	var o options
	f := flag.NewFlagSet("bencharchive", flag.ContinueOnError)
	f.StringVar(&o.chunks, "chunks", "../shared/imagery/chunks", "folder of 256 JPEG chunks, ROW_COL.jpg")
	f.StringVar(&o.output, "o", "", "Markdown file whose archive section to replace")
	f.StringVar(&o.only, "only", "", "measure only the figures in whose name this stands")
	f.IntVar(&o.textures, "textures", 8, "full textures in the archive")
	f.IntVar(&o.rounds, "rounds", 5, "how often everything is measured; the best counts")
	f.Int64Var(&o.merge, "merge", 1_000_000_000, "bytes of the two archives that are merged; 5000000000 is what the figure is about")
	list := f.String("list", "", "open and list this archive, print how long it took and the memory, and end (used by the program itself)")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *list != "" {
		l, err := listArchive(ctx, *list)
		if err != nil {
			return err
		}
		return json.NewEncoder(stdout).Encode(l)
	}
	dir, err := os.MkdirTemp("", "bencharchive")
	if err != nil {
		return err
	}
	defer func() {
		if errRemove := os.RemoveAll(dir); err == nil {
			err = errRemove
		}
	}()
	text, err := table(ctx, o, dir)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(stdout, text); err != nil || o.output == "" {
		return err
	}
	return benchpage.Replace(o.output, "archive", "make bench-archive", text)
}

// table measures everything, the imageries in turns.
func table(ctx context.Context, o options, dir string) (string, error) {
	var subjects []*subject
	for _, load := range [...]func(context.Context, options) (*subject, error){setC, generated} {
		s, err := load(ctx, o)
		if err != nil {
			return "", err
		}
		if s == nil {
			continue
		}
		s.dir = filepath.Join(dir, fmt.Sprint(len(subjects)))
		if err := s.build(ctx); err != nil {
			return "", err
		}
		subjects = append(subjects, s)
	}

	var b strings.Builder
	fmt.Fprintf(&b, "## Archive\n\n`make bench-archive` on %s; one thread; %d BC1 textures of 4096 px an archive, all different. Rates are of processor time, latencies and writing of the\nclock, "+
		"the files in the page cache; best of %d. A rate counts bytes of DDS.\n\n| figure | must | aim |", benchpage.Machine(), o.textures, o.rounds)
	for _, s := range subjects {
		fmt.Fprintf(&b, " %s |", s.name)
	}
	fmt.Fprintf(&b, "\n|---|---|---|%s\n", strings.Repeat("---|", len(subjects)))
	for _, f := range figures() {
		if !strings.Contains(f.name, o.only) {
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s |", f.name, f.must, f.aim)
		for i, s := range subjects {
			if f.once && i > 0 {
				b.WriteString(" |")
				continue
			}
			measured, err := f.measure(ctx, s)
			if err != nil {
				return "", fmt.Errorf("%s, %s: %w", f.name, s.name, err)
			}
			fmt.Fprintf(&b, " %s |", measured)
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

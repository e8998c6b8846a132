// Command beside measures xelpack in comparison with other software, and prints tables of required
// and measured figures:
//
//	go run -tags squish ./internal/measure/beside encode     libsquish's range fit, TurboJPEG, Go's image/jpeg
//	go run ./internal/measure/beside archive                 zstd, cp, plain files
//	go run ./internal/measure/beside mount                   a bare go-fuse file system, squashfuse_ll; as root
//	go run ./internal/measure/beside remote                  aria2c, pmtiles; nginx behind a slow link
//
// With -o it writes each table into its section of a Markdown file. The candidates take turns, so
// that a busy machine disturbs all equally, and the best of several rounds counts. Programs that
// are not installed are left out. Temporary files of mount take about 4 GB; with -dir they are kept
// and reused by the next run.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/xelpack/xelpack/internal/measure"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := run
	if len(os.Args) > 2 && os.Args[1] == roleFlag {
		run = playRole
	}
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "beside:", err)
		os.Exit(1)
	}
}

// bench is one run of the command.
type bench struct {
	*measure.Env
	only  *regexp.Regexp // nil: everything except long rows
	merge int64          // bytes of the archives that are merged
	setC  measure.Shuffled
}

// wants reports whether a row is to be measured.
func (b *bench) wants(name string, long bool) bool {
	if b.only == nil {
		return !long
	}
	return b.only.MatchString(name)
}

// measured prints rows at once, in case a later measurement fails.
func (b *bench) measured(rows ...row) []row {
	for _, r := range rows {
		b.Say(strings.Join(r, " | "))
	}
	return rows
}

// ready builds xelpack, unless one is given.
func (b *bench) ready(ctx context.Context) error {
	if b.Program != "" {
		return nil
	}
	b.Program = filepath.Join(b.Dir, "xelpack")
	return b.build(ctx, b.Program)
}

// suite is a section of the page.
type suite struct {
	section string
	rounds  int
	run     func(context.Context, *bench) (markdown string, err error)
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	suites := map[string]suite{"encode": {"encoder", 21, encode},
		"archive": {"archive", 5, archive}, "mount": {"mount", 3, mount},
		"remote": {"remote", 1, remote}}
	f := flag.NewFlagSet("beside [FLAGS] encode|archive|mount|remote", flag.ContinueOnError)
	chunks := f.String("chunks", "../shared/imagery/chunks",
		"folder of 256 JPEG chunks, ROW_COL.jpg (set C); if it is missing, invented imagery is used")
	output := f.String("o", "", "Markdown file whose section to replace")
	only := f.String("only", "",
		"measure only the rows of archive and mount, or the programs of remote, that match this expression")
	b := &bench{}
	o := measure.Options{Say: func(s string) { fmt.Fprintln(os.Stderr, "beside:", s) }}
	f.IntVar(&o.Textures, "textures", 8, "number of textures of archive")
	f.IntVar(&o.Rounds, "rounds", 0, "rounds at most; the best counts (default 21, 5, 3 and 1)")
	f.StringVar(&o.Dir, "dir", "",
		"folder for temporary files, kept for the next run (default: a temporary one)")
	f.StringVar(&o.Program, "xelpack", "",
		"the xelpack that mount and remote measure (default: built from this source)")
	f.Int64Var(&b.merge, "merge", 1_000_000_000,
		"bytes of the two archives that are merged; the published figure uses 5000000000")
	if err := f.Parse(args); err != nil {
		return err
	}
	s, known := suites[f.Arg(0)]
	if !known || f.NArg() != 1 {
		return fmt.Errorf("unknown suite %q (want encode, archive, mount or remote, after the flags)",
			f.Args())
	}
	var err error
	if *only != "" {
		if b.only, err = regexp.Compile(*only); err != nil {
			return err
		}
	}
	if b.setC, err = measure.SetC(*chunks); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if b.setC != nil {
		o.Imagery = b.setC
	}
	o.Rounds = cmp.Or(o.Rounds, s.rounds)
	var text string
	_, err = measure.Run(ctx, "beside",
		[]measure.Suite{{Name: f.Arg(0),
			Run: func(ctx context.Context, e *measure.Env) (err error) {
				b.Env = e
				text, err = s.run(ctx, b)
				return err
			}}}, o)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(stdout, text); err != nil || *output == "" {
		return err
	}
	return replace(*output, s.section, "make bench-"+f.Arg(0), text)
}

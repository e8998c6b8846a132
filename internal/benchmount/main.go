// Command benchmount measures `xelpack mount` on this machine beside what else could serve the same files: a bare go-fuse file system over plain
// files, and squashfuse_ll over zstd images where Debian's squashfuse and squashfs-tools are installed. It prints a table, and with -o writes it into
// the mount section of a Markdown file. make bench-mount does all that.
//
// Servers and readers are processes of their own. What is served lies in the page cache of the machine, while the page cache of each mount is cold:
// every measurement is taken on a fresh mount. The candidates take turns, and the best of -rounds counts for each, so that a busy machine disturbs all alike.
//
// Temporary files take some 4 GB; with -dir they are kept, and used again by the next run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"

	"github.com/xelpack/xelpack/internal/benchpage"
)

func main() {
	if done, err := playRole(); done {
		if err != nil {
			fmt.Fprintln(os.Stderr, "benchmount:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchmount:", err)
		os.Exit(1)
	}
}

// bench is one run of the command.
type bench struct {
	dir    string // of everything that is made
	binary string // xelpack
	rounds int
	data   *data
}

// everything is the expression of a default run.
const everything = "."

func run(ctx context.Context, args []string, stdout io.Writer) (err error) {
	f := flag.NewFlagSet("benchmount", flag.ContinueOnError)
	dir := f.String("dir", "", "folder for what is served, kept for the next run (default: a temporary one)")
	binary := f.String("xelpack", "", "the xelpack to measure (default: built from this source)")
	chunks := f.String("chunks", "../shared/imagery/chunks", "folder of 256 JPEG chunks, ROW_COL.jpg; where it is missing, invented imagery serves")
	output := f.String("o", "", "Markdown file whose mount section to replace")
	only := f.String("run", everything, "measure the rows that match this expression only; -run million has to be asked for")
	rounds := f.Int("rounds", 3, "how often everything is measured")
	if err := f.Parse(args); err != nil {
		return err
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	if os.Getuid() != 0 {
		return errors.New("only root can compare: pass-through and cold caches need it")
	}
	if *dir == "" {
		if *dir, err = os.MkdirTemp("", "xelpack-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(*dir)) }()
	}
	b := &bench{dir: *dir, binary: *binary, rounds: *rounds, data: &data{dir: *dir, chunks: *chunks}}
	if b.binary == "" {
		b.binary = filepath.Join(*dir, "xelpack")
		build := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "./cmd/xelpack")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build xelpack: %w", err)
		}
	}
	var rows []row
	for _, m := range measurements {
		if !match.MatchString(m.name) || m.long && *only == everything {
			continue
		}
		fmt.Fprintf(os.Stderr, "benchmount: %s\n", m.name)
		r, err := m.run(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		for i := range r {
			fmt.Fprintln(stdout, r[i])
		}
		rows = append(rows, r...)
	}
	if *output == "" {
		return nil
	}
	return benchpage.Replace(*output, "mount", "make bench-mount", b.markdown(rows))
}

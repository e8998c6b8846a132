package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// exportOptions are the flags of export.
type exportOptions struct {
	OnExisting string
	DryRun     bool
	JSON       bool
}

func newExportCommand() *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export ARCHIVE DIR",
		Short: "Write an archive's textures as plain DDS files",
		Long: `Writes every texture as DIR/NAME.dds, for systems without FUSE: DIR may be a scenery package's textures folder. DIR is made if need be, and nothing is written
outside of it: a link that leads out of it is refused, one that stays inside stands for what it leads to. Every file gets its name when it is whole: an export that was
interrupted is gone on with by --on-existing skip.`,
		Example: `  xelpack export flight.mbtiles ~/scenery/zzXEL_eur_ortho/textures
  xelpack export flight.mbtiles out --on-existing skip`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withArchive(cmd.Context(), args[0], func(a *mbtiles.Archive) error {
				return export(cmd.Context(), a, args[1], o, cmd.OutOrStdout(), cmd.ErrOrStderr())
			})
		},
	}
	cmd.Flags().StringVar(&o.OnExisting, "on-existing", "fail", "what to do with files that are there: skip, replace or fail")
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "only say what would be written")
	cmd.Flags().BoolVar(&o.JSON, "json", false, "print the report as JSON")
	return cmd
}

// exported is what an export did.
type exported struct {
	Dir     string `json:"dir"`
	Written int    `json:"written"`
	Skipped int    `json:"skipped"`
	Bytes   int64  `json:"bytes"` // of the files written
}

func export(ctx context.Context, a *mbtiles.Archive, dir string, o exportOptions, stdout, stderr io.Writer) error {
	switch o.OnExisting {
	case "skip", "replace", "fail":
	default:
		return usageErrorf("--on-existing %q: want skip, replace or fail", o.OnExisting)
	}
	report := exported{Dir: dir}
	dir, err := realpath.Of(dir)
	if err != nil {
		return err
	}
	todo, err := toExport(a, dir, o, &report)
	if err != nil {
		return err
	}
	if !o.DryRun {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		err := exportAll(ctx, a, dir, todo, report.Bytes, stderr)
		if err != nil {
			return err
		}
	}
	if o.JSON {
		return json.NewEncoder(stdout).Encode(report)
	}
	done := "written"
	if o.DryRun {
		done = "to write"
	}
	_, err = fmt.Fprintf(stdout, "%s: %s %s, %d skipped\n", dir, units.Plural(report.Written, "texture"), done, report.Skipped)
	return err
}

// fileToExport is a texture and the file of the folder that it is written to.
type fileToExport struct {
	mbtiles.Entry
	name string
}

// toExport finds out what is there before anything is written.
func toExport(a *mbtiles.Archive, dir string, o exportOptions, report *exported) ([]fileToExport, error) {
	var todo []fileToExport
	taken := make(map[string]string) // the texture, by the file that it is written to
	for e := range a.All() {
		file := filepath.Join(dir, e.Texture.File())
		if _, err := os.Lstat(file); err == nil && o.OnExisting != "replace" {
			if o.OnExisting == "fail" {
				return nil, fmt.Errorf("%s exists (nothing was written): --on-existing skip keeps what is there, --on-existing replace writes it anew", file)
			}
			report.Skipped++
			continue
		}
		name, err := leadsInside(dir, e.Texture.File())
		if err != nil {
			return nil, err
		}
		if other, twice := taken[name]; twice {
			return nil, fmt.Errorf("%s and %s lead to one file, %s (nothing was written): remove the links first", other, file, filepath.Join(dir, name))
		}
		taken[name] = file
		todo = append(todo, fileToExport{e, name})
		report.Written++
		report.Bytes += e.Layout.Size()
	}
	return todo, nil
}

// leadsInside returns the file of dir that a name in it stands for, which may be a link to another.
func leadsInside(dir, name string) (string, error) {
	file := filepath.Join(dir, name)
	real, err := realpath.Of(file)
	if err != nil || real == file {
		return name, err
	}
	if dir, err = realpath.Absolute(dir); err != nil {
		return "", err
	}
	inside, err := filepath.Rel(dir, real)
	if err != nil || !filepath.IsLocal(inside) {
		return "", fmt.Errorf("%s is a link to %s, and nothing is written outside of %s (nothing was written): remove the link first", file, real, dir)
	}
	return inside, nil
}

// exportAll writes textures into dir and nowhere else, whatever they are called and whatever links
// are there.
func exportAll(ctx context.Context, a *mbtiles.Archive, dir string, todo []fileToExport, total int64, stderr io.Writer) (err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	meter := progress.NewMeter(stderr, "export")
	defer meter.Close()
	var mu sync.Mutex
	done := int64(0)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0)) // decoding is most of it
	for _, e := range todo {
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error {
			if err := gctx.Err(); err != nil {
				return err
			}
			err := safefile.WriteInto(root, e.name, func(w io.Writer) error { return a.WriteTo(gctx, e.Entry, w) })
			if err != nil {
				return fmt.Errorf("export into %s: %w", dir, err)
			}
			mu.Lock()
			defer mu.Unlock()
			done += e.Layout.Size()
			meter.Set(done, total)
			return nil
		})
	}
	return errors.Join(g.Wait(), ctx.Err())
}

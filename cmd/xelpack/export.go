package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// exportOptions are the flags of export.
type exportOptions struct{ OnExisting string }

func newExportCommand() *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export ARCHIVE DIR",
		Short: "Write an archive's textures as plain DDS files",
		Long:  "Writes every texture as DIR/NAME.dds, for systems without FUSE: DIR may be a scenery package's textures folder. DIR is made if need be.",
		Example: `  xelpack export flight.mbtiles ~/scenery/zzXEL_eur_ortho/textures
  xelpack export flight.mbtiles out --on-existing skip`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withArchive(cmd.Context(), args[0], func(a *mbtiles.Archive) error {
				return export(cmd.Context(), a, args[1], o, cmd.OutOrStdout())
			})
		},
	}
	cmd.Flags().StringVar(&o.OnExisting, "on-existing", "fail", "what to do with files that are there: skip, replace or fail")
	return cmd
}

func export(ctx context.Context, a *mbtiles.Archive, dir string, o exportOptions, stdout io.Writer) error {
	switch o.OnExisting {
	case "skip", "replace", "fail":
	default:
		return usageErrorf("--on-existing %q: want skip, replace or fail", o.OnExisting)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	written, skipped := 0, 0
	for e := range a.All() {
		file := filepath.Join(dir, e.Texture.File())
		if _, err := os.Lstat(file); err == nil && o.OnExisting != "replace" {
			if o.OnExisting == "fail" {
				return fmt.Errorf("%s exists (%d files were written before it): --on-existing skip keeps it, --on-existing replace writes it anew", file, written)
			}
			skipped++
			continue
		}
		if err := writeFile(file, func(w io.Writer) error { return a.WriteTo(ctx, e, w) }); err != nil {
			return err
		}
		written++
	}
	_, err := fmt.Fprintf(stdout, "%s: %s written, %d skipped\n", dir, plural(written, "texture"), skipped)
	return err
}

// writeFile writes a file whole or not at all: under another name first, renamed when it is on the disk.
func writeFile(file string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".xelpack-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreClosed(f.Close()), os.Remove(f.Name()))
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

func ignoreClosed(err error) error {
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}

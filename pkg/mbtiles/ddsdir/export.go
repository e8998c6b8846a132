package ddsdir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Existing says what Export does with files that are there.
type Existing string

// What it may do. The zero value is Fail.
const (
	Fail    Existing = "fail"    // before anything is written
	Skip    Existing = "skip"    // and go on with those that are not there
	Replace Existing = "replace" // each once the new one is whole
)

// ParseExisting reads a word.
func ParseExisting(s string) (Existing, error) {
	switch e := Existing(s); e {
	case Fail, Skip, Replace:
		return e, nil
	}
	return "", fmt.Errorf("%q: want skip, replace or fail", s)
}

// ExportOptions say how textures get into a folder.
type ExportOptions struct {
	Existing Existing
	DryRun   bool // only find out what would be written
	// Look changes the colours of textures; nil, or a nil result, leaves them as they are.
	Look func(t tiles.Texture) *dds.Recolouring
	// LookName is written beside the files, into LookFile; "": nothing is.
	LookName string
	// called with bytes of DDS files, from one goroutine at a time; may be nil
	Progress func(done, total int64)
}

func (o ExportOptions) look(t tiles.Texture) *dds.Recolouring {
	if o.Look == nil {
		return nil
	}
	return o.Look(t)
}

// Exported says what an export did. Its JSON is a contract with scripts.
type Exported struct {
	Dir     string `json:"dir"`
	Written int    `json:"written"`
	Skipped int    `json:"skipped"`
	Bytes   int64  `json:"bytes"` // of the files written
}

// Export writes every texture of a as dir/NAME.dds. The folder is made if need be, and nothing is
// written outside of it. Every file gets its name when it is whole.
func Export(ctx context.Context, a *mbtiles.Archive, dir string,
	o ExportOptions) (Exported, error) {
	report := Exported{Dir: dir}
	if o.Look != nil {
		if err := a.Unbaked(ctx); err != nil {
			return report, err
		}
	}
	todo, err := toExport(a, dir, o, &report)
	if err != nil || o.DryRun {
		return report, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return report, err
	}
	if o.LookName != "" {
		if err := safefile.Write(filepath.Join(dir, LookFile), func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "The textures that xelpack exported here have another look "+
				"than those of the archive: %s\n", o.LookName)
			return err
		}); err != nil {
			return report, err
		}
	}
	return report, exportAll(ctx, a, dir, todo, report.Bytes, o)
}

// LookFile is the name of the file that says in which look textures were exported.
const LookFile = "xelpack-look.txt"

// fileToExport is a texture with the file it is written to.
type fileToExport struct {
	mbtiles.Entry
	name string
}

// toExport checks for existing files before anything is written.
func toExport(a *mbtiles.Archive, dir string, o ExportOptions,
	report *Exported) ([]fileToExport, error) {
	var todo []fileToExport
	taken := make(map[string]string) // the texture, by the file that it is written to
	for e := range a.All() {
		file := filepath.Join(dir, e.Texture.File())
		if _, err := os.Lstat(file); err == nil && o.Existing != Replace {
			if o.Existing != Skip {
				return nil, fmt.Errorf("%s exists (nothing was written): --on-existing skip "+
					"keeps existing files, --on-existing replace overwrites them", file)
			}
			report.Skipped++
			continue
		}
		name, err := leadsInside(dir, e.Texture.File())
		if err != nil {
			return nil, err
		}
		if other, twice := taken[name]; twice {
			return nil, fmt.Errorf("%s and %s lead to the same file, %s (nothing was written): "+
				"remove the links first", other, file, filepath.Join(dir, name))
		}
		taken[name] = file
		todo = append(todo, fileToExport{e, name})
		report.Written++
		report.Bytes += e.Layout.Size()
	}
	return todo, nil
}

// leadsInside returns the file of dir that a name in it leads to, which may be a link to another.
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
		return "", fmt.Errorf("%s is a link to %s, outside of %s (nothing was written): remove "+
			"the link first", file, real, dir)
	}
	return inside, nil
}

// exportAll writes textures into dir only, whatever their names and whatever links exist.
func exportAll(ctx context.Context, a *mbtiles.Archive, dir string, todo []fileToExport,
	total int64, o ExportOptions) (err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	var mu sync.Mutex
	done := int64(0)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0)) // mostly decoding
	for _, e := range todo {
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error {
			if err := gctx.Err(); err != nil {
				return err
			}
			err := safefile.WriteInto(root, e.name,
				func(w io.Writer) error {
					if change := o.look(e.Texture); change != nil {
						w = &recolouring{w: w, layout: e.Layout, change: change}
					}
					return a.WriteTo(gctx, e.Entry, w)
				})
			if err != nil {
				return fmt.Errorf("export into %s: %w", dir, err)
			}
			mu.Lock()
			defer mu.Unlock()
			done += e.Layout.Size()
			if o.Progress != nil {
				o.Progress(done, total)
			}
			return nil
		})
	}
	return errors.Join(g.Wait(), ctx.Err())
}

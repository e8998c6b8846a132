package seal

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/scenery"
)

// bytes compares every packed texture with its hash, where it is read from during the flight.
func (r *run) bytes(ctx context.Context) error {
	if r.Installed {
		return r.installed(ctx)
	}
	for _, file := range r.files {
		set, end := r.Meter("verify " + filepath.Base(file))
		found, err := mbtiles.VerifyFile(ctx, file, mbtiles.VerifyOptions{Progress: set})
		end()
		if err != nil {
			return err
		}
		r.report.Checked += found.Checked
		for _, p := range found.Problems {
			r.lacks(Damaged, p.Texture, file, p.What)
		}
	}
	return nil
}

// installed compares the files that were installed with the archives: of every package that names
// the texture.
func (r *run) installed(ctx context.Context) error {
	type file struct {
		path string
		want held
		lack Lack
	}
	var files []*file
	total := int64(0)
	for _, p := range r.flight.Opened {
		dir, err := scenery.TexturesFolder(p.Dir())
		if err != nil {
			return err
		}
		if dir == "" { // nothing can be installed in it
			dir = filepath.Join(p.Dir(), "textures")
		}
		for _, it := range r.flight.Items {
			named, names := p.Lookup(it.Key())
			if h, ok := r.held[it.Key()]; names && ok {
				files = append(files, &file{filepath.Join(dir, named.File), h,
					Lack{Texture: named.File, Place: p.Dir()}})
				total += h.Layout.Size()
			}
		}
	}
	set, end := r.Meter("verify installed textures")
	defer end()
	var mu sync.Mutex
	done := int64(0)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, f := range files {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			sum, err := hash(f.path)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				f.lack.Kind, f.lack.What = Missing, "it is packed, but not installed"
			case err != nil:
				f.lack.Kind, f.lack.What = Damaged, err.Error()
			case sum != f.want.SHA256:
				f.lack.Kind, f.lack.What = Damaged, "the file is another than the one that was packed"
			}
			mu.Lock()
			defer mu.Unlock()
			done += f.want.Layout.Size()
			set(done, total)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, f := range files {
		if f.lack.Kind == "" {
			r.report.Checked++
		} else {
			r.report.Lacks = append(r.report.Lacks, f.lack)
		}
	}
	return nil
}

func hash(path string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, fmt.Errorf("read %s: %w", path, err)
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

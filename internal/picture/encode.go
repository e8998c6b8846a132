// Package picture makes DDS textures of pictures, and gives back the mip levels of those in files.
package picture

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/jpeg" // pictures to encode
	_ "image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/pkg/dds"
)

// Encode returns the DDS file of what is at path: a PNG or JPEG, or a folder of 256×256 JPEG chunks
// named ROW_COL.jpg.
func Encode(ctx context.Context, path string, f dds.Format, q dds.Quality) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	open := openPicture
	if info.IsDir() {
		open = openChunks
	}
	side, add, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file, err := encodeTexture(ctx, dds.Layout{Format: f, Side: side}, q, add)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// addChunk adds a chunk to a texture. It may be called concurrently with different workers.
type addChunk func(w *dds.Worker, b *dds.Builder, row, col int) error

// encodeTexture builds a texture with one worker per processor.
func encodeTexture(ctx context.Context, l dds.Layout, q dds.Quality, add addChunk) ([]byte, error) {
	b, err := dds.NewBuilder(l, nil, dds.WithQuality(q))
	if err != nil {
		return nil, err
	}
	across := l.Side / chunkSide
	workers := min(runtime.GOMAXPROCS(0), across*across)
	group, ctx := errgroup.WithContext(ctx)
	for k := range workers {
		group.Go(func() error {
			w := dds.NewWorker()
			for i := k; i < across*across; i += workers {
				if err := errors.Join(ctx.Err(), add(w, b, i/across, i%across)); err != nil {
					return errors.Join(err, w.Close())
				}
			}
			return w.Close()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return b.Finish()
}

// chunkSide is the width in pixels of the chunks of a texture.
const chunkSide = 256

// openPicture reads a PNG or JPEG. It checks the size before decoding.
func openPicture(file string) (side int, add addChunk, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = f.Close() }()
	c, _, err := image.DecodeConfig(f)
	if err != nil {
		return 0, nil, fmt.Errorf("not a PNG or JPEG picture: %w", err)
	}
	if err := checkSide(c.Width, c.Height); err != nil {
		return 0, nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, nil, err
	}
	img, _, err := image.Decode(f)
	if err != nil {
		return 0, nil, fmt.Errorf("damaged picture: %w", err)
	}
	return c.Width, func(w *dds.Worker, b *dds.Builder, row, col int) error {
		chunk := image.NewNRGBA(image.Rect(0, 0, chunkSide, chunkSide))
		draw.Draw(chunk, chunk.Rect, img,
			img.Bounds().Min.Add(image.Pt(col*chunkSide, row*chunkSide)), draw.Src)
		return w.AddPixels(b, row, col, chunk)
	}, nil
}

// checkSide returns an error if a texture cannot have this size.
func checkSide(width, height int) error {
	if width != height || (dds.Layout{Format: dds.BC1, Side: width}).Valid() != nil {
		return fmt.Errorf("%d×%d pixels (want a square of 256, 512, 1024, 2048 or 4096)", width,
			height)
	}
	return nil
}

// openChunks finds the chunks in a folder, which must fill a square. Other files are ignored.
func openChunks(dir string) (side int, add addChunk, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, nil, err
	}
	files := make(map[[2]int]string)
	rows, cols := 0, 0
	for _, e := range entries {
		m := chunkName.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		row, _ := strconv.Atoi(m[1]) // at most two digits
		col, _ := strconv.Atoi(m[2])
		at := [2]int{row, col}
		if other, ok := files[at]; ok {
			return 0, nil, fmt.Errorf("%s and %s are the same place: %w", other, e.Name(),
				dds.ErrChunkTwice)
		}
		files[at] = e.Name()
		rows, cols = max(rows, row+1), max(cols, col+1)
	}
	if len(files) == 0 {
		return 0, nil, fmt.Errorf("no chunks named ROW_COL.jpg: %w", fs.ErrNotExist)
	}
	if err := checkSide(cols*chunkSide, rows*chunkSide); err != nil {
		return 0, nil, fmt.Errorf("%d rows and %d columns of chunks: %w", rows, cols, err)
	}
	return cols * chunkSide, func(w *dds.Worker, b *dds.Builder, row, col int) error {
		name, ok := files[[2]int{row, col}]
		if !ok {
			return fmt.Errorf("%w: %02d_%02d.jpg", dds.ErrMissingChunk, row, col)
		}
		jpeg, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := w.AddJPEG(b, row, col, jpeg); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}, nil
}

var chunkName = regexp.MustCompile(`(?i)^(\d\d?)_(\d\d?)\.jpe?g$`)

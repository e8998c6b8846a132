package ddsdir_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/ddsdir"
)

// A folder of textures that another program has made becomes an archive.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "textures-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	layout := dds.Layout{Format: dds.BC1, Side: 256}
	header := layout.Header()
	black := append(header[:], make([]byte, layout.Size()-dds.HeaderSize)...)
	if err := os.WriteFile(filepath.Join(dir, "23952_33712_BI16.dds"), black, 0o644); err != nil {
		panic(err)
	}

	found, err := ddsdir.Find(ctx, dir)
	if err != nil {
		panic(err)
	}
	w, err := mbtiles.Create(ctx, filepath.Join(dir, "a.mbtiles"), mbtiles.WriterOptions{})
	if err != nil {
		panic(err)
	}
	defer w.Close() // after Finish it does nothing
	report, err := ddsdir.Import(ctx, w, found,
		ddsdir.Options{Compression: mbtiles.Fast, Provider: "mine"})
	if err != nil {
		panic(err)
	}
	if err := w.Finish(ctx, nil); err != nil {
		panic(err)
	}
	fmt.Printf("%d imported, %d skipped\n", report.Imported, len(report.Skipped))
	// Output: 1 imported, 0 skipped
}

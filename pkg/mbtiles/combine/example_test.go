package combine_test

import (
	"context"
	"fmt"
	"image/color"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/combine"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Two archives become one: of the texture that both have, the sharper one is taken.
func ExampleMerge() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "archives-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	var inputs []*mbtiles.Archive
	for name, texture := range map[string]mbtiles.Record{
		"far.mbtiles":  {Texture: tiles.Texture{Row: 23952, Col: 33712, ZL: 16, Maptype: "BI"}, Detail: 4, Chunks: 1},
		"near.mbtiles": {Texture: tiles.Texture{Row: 23952, Col: 33712, ZL: 16, Maptype: "BI"}, Detail: 3, Chunks: 4},
	} {
		a, err := archive(ctx, filepath.Join(dir, name), texture)
		if err != nil {
			panic(err)
		}
		defer a.Close()
		inputs = append(inputs, a)
	}
	out := filepath.Join(dir, "both.mbtiles")
	report, err := combine.Merge(ctx, out, inputs, combine.MergeOptions{Prefer: combine.PreferSharpest})
	if err != nil {
		panic(err)
	}
	for _, in := range report.Inputs {
		if in.Taken > 0 {
			fmt.Printf("%d of %d from %s\n", in.Taken, in.Textures, filepath.Base(in.Path))
		}
	}
	// Output: 1 of 1 from near.mbtiles
}

// archive makes an archive of one green texture, as wide as its detail wants, and opens it.
func archive(ctx context.Context, file string, r mbtiles.Record) (*mbtiles.Archive, error) {
	chunks := 16 >> r.Detail
	b, err := dds.NewBuilder(dds.Layout{Format: dds.BC1, Side: 256 * chunks}, nil)
	if err != nil {
		return nil, err
	}
	worker := dds.NewWorker()
	defer worker.Close()
	for i := range chunks * chunks {
		if err := worker.AddColor(b, i%chunks, i/chunks, color.NRGBA{G: 120, A: 255}); err != nil {
			return nil, err
		}
	}
	texture, err := b.Finish()
	if err != nil {
		return nil, err
	}
	content, err := mbtiles.NewEncoder(mbtiles.Fast).Encode(texture)
	if err != nil {
		return nil, err
	}
	w, err := mbtiles.Create(ctx, file, mbtiles.WriterOptions{})
	if err != nil {
		return nil, err
	}
	defer w.Close() // after Finish it does nothing
	if err := w.Put(ctx, r, content); err != nil {
		return nil, err
	}
	if err := w.Finish(ctx, map[string]string{"attribution": "nobody"}); err != nil {
		return nil, err
	}
	return mbtiles.Open(ctx, file)
}

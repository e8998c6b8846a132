package mbtiles_test

import (
	"context"
	"fmt"
	"image/color"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// A texture is packed, and the first bytes of its file are read again, as a simulator does.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "archive-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "flight.mbtiles")
	texture := tiles.Texture{Row: 23952, Col: 33712, ZL: 16, Maptype: "BI"}
	if err := pack(ctx, file, texture); err != nil {
		panic(err)
	}

	a, err := mbtiles.Open(ctx, file)
	if err != nil {
		panic(err)
	}
	defer a.Close()
	e, ok := a.Lookup(texture.Key())
	if !ok {
		panic("the texture is not there")
	}
	head := make([]byte, 4)
	if _, err := a.ReadAt(ctx, e, head, 0); err != nil {
		panic(err)
	}
	report, err := a.Verify(ctx, mbtiles.VerifyOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s begins with %q, has %d bytes; the archive is whole: %v\n", e.Texture.File(), head, e.Layout.Size(), report.OK)
	// Output: 23952_33712_BI16.dds begins with "DDS ", has 43832 bytes; the archive is whole: true
}

// pack makes an archive of one green texture, built with detail 4: 256 px wide.
func pack(ctx context.Context, file string, t tiles.Texture) (err error) {
	b, err := dds.NewBuilder(dds.Layout{Format: dds.BC1, Side: 256}, nil)
	if err != nil {
		return err
	}
	worker := dds.NewWorker()
	defer worker.Close()
	if err := worker.AddColor(b, 0, 0, color.NRGBA{G: 120, A: 255}); err != nil {
		return err
	}
	texture, err := b.Finish()
	if err != nil {
		return err
	}
	content, err := mbtiles.NewEncoder(mbtiles.Fast).Encode(texture)
	if err != nil {
		return err
	}
	w, err := mbtiles.Create(ctx, file, mbtiles.WriterOptions{})
	if err != nil {
		return err
	}
	defer w.Close() // after Finish it does nothing
	if err := w.Put(ctx, mbtiles.Record{Texture: t, Detail: 4, Chunks: 1, Provider: "mine"}, content); err != nil {
		return err
	}
	return w.Finish(ctx, map[string]string{"attribution": "nobody"})
}

package dds_test

import (
	"fmt"
	"image/color"

	"github.com/xelpack/xelpack/pkg/dds"
)

// A texture of 2×2 chunks, built and read back.
func ExampleBuilder() {
	layout := dds.Layout{Format: dds.BC1, Side: 512}
	b, err := dds.NewBuilder(layout, nil)
	if err != nil {
		panic(err)
	}
	w := dds.NewWorker()
	defer w.Close()
	for row := range 2 {
		for col := range 2 {
			// A chunk that the provider has is given to AddJPEG instead.
			if err := w.AddColor(b, row, col,
				color.NRGBA{R: 66, G: 77, B: 55, A: 255}); err != nil {
				panic(err)
			}
		}
	}
	file, err := b.Finish()
	if err != nil {
		panic(err)
	}

	layout, err = dds.ParseHeader(file)
	if err != nil {
		panic(err)
	}
	at, n := layout.Level(1)
	img, err := dds.Decode(layout, 1, file[at:at+n])
	if err != nil {
		panic(err)
	}
	fmt.Println(len(file), "bytes,", img.Bounds().Dx(), "px wide at level 1")
	// Output: 174904 bytes, 256 px wide at level 1
}

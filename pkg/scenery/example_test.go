package scenery_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "scenery-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	// Two terrain files of one texture, as in a package that Ortho4XP has made.
	if err := os.Mkdir(filepath.Join(dir, "terrain"), 0o777); err != nil {
		panic(err)
	}
	for _, name := range []string{"23952_33712_BI16.ter", "23952_33712_BI16_sea_overlay.ter"} {
		text := "A\n800\nTERRAIN\n\nBASE_TEX_NOWRAP ../textures/23952_33712_BI16.dds\n"
		if err := os.WriteFile(filepath.Join(dir, "terrain", name), []byte(text),
			0o666); err != nil {
			panic(err)
		}
	}

	p, err := scenery.Open(context.Background(), dir)
	if err != nil {
		panic(err)
	}
	for _, n := range p.Textures() {
		fmt.Println(n.File, "there as a file:", n.Real)
	}
	fmt.Println(p.Terrains(), "terrain files,", p.SkippedCount(), "skipped")
	// Output:
	// 23952_33712_BI16.dds there as a file: false
	// 2 terrain files, 0 skipped
}

// The head of a mesh says where it lies and which terrain it is made of.
func ExampleParseDSF() {
	file := scenerytest.DSF(tiles.Box{West: 7, South: 43, East: 8, North: 44},
		[]string{"terrain/23952_33712_BI16.ter"})
	d, err := scenery.ParseDSF(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Box())
	fmt.Println(d.Terrains)
	// Output:
	// {7 43 8 44} true
	// [terrain_Water terrain/23952_33712_BI16.ter]
}

package tiles_test

import (
	"context"
	"fmt"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/pkg/tiles"
)

func ExampleParseName() {
	t, err := tiles.ParseName("23952_33712_BI16.dds")
	if err != nil {
		panic(err)
	}
	box := t.Box()
	fmt.Printf("ZL%d of %s, %.3f to %.3f E, %.3f to %.3f N\n", t.ZL, t.Maptype, box.West, box.East,
		box.South, box.North)
	// Output: ZL16 of BI, 5.186 to 5.273 E, 43.453 to 43.517 N
}

// The ground within 60 km of a flight from Nice to Calvi, as sharp as it can be seen from 10,000 ft
// above the ground.
func ExampleSelection_Plan() {
	const height = 3048 // metres
	path := tiles.NewPath(
		tiles.PathPoint{Point: orb.Point{7.215, 43.658}, Height: 0},
		tiles.PathPoint{Point: orb.Point{8.0, 43.1}, Height: height},
		tiles.PathPoint{Point: orb.Point{8.793, 42.524}, Height: 0},
	)
	items, err := tiles.Selection{
		Regions: tiles.Union{path.Corridor(60_000)},
		Paths:   []*tiles.Path{path},
		Sight:   true,
		ZL:      16,
		Maptype: "BI",
	}.Plan(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Println("first:", items[0])
	for _, c := range tiles.Counts(items) {
		fmt.Printf("%d textures of detail %d from %d chunks\n", c.Textures, c.Detail, c.Chunks)
	}
	// Output:
	// first: 23776_34016_BI16
	// 122 textures of detail 0 from 31232 chunks
	// 136 textures of detail 1 from 8704 chunks
	// 258 textures of detail 2 from 4128 chunks
	// 206 textures of detail 3 from 824 chunks
}

package build_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/plan"
)

// Plans an archive of one texture and builds it, as "xelpack build" does.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "xelpack-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	selection := plan.Defaults()
	selection.BBox = "5.20,43.47,5.21,43.50"
	p, err := plan.Make(ctx, plan.Options{
		Selection: selection,
		Imagery:   imagery.Options{Provider: "sample"},
		Output:    filepath.Join(dir, "try.mbtiles"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("planned: %d texture of %d chunks\n", p.Estimate.Textures, p.Estimate.Chunks)

	b, err := build.Open(ctx, p, build.Defaults())
	if err != nil {
		log.Fatal(err)
	}
	report, err := b.Run(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: built %d, holes %d\n", report.State, report.Built, report.Holes)

	// The archive is there now: the same plan has nothing to do.
	if b, err = build.Open(ctx, p, build.Defaults()); err != nil {
		log.Fatal(err)
	}
	fmt.Println("done:", b.Done())
	// Output:
	// planned: 1 texture of 256 chunks
	// complete: built 1, holes 0
	// done: true
}

package mount_test

import (
	"context"
	"fmt"

	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount"
)

// An archive is shown in X-Plane's folder until somebody unmounts it. This is compiled only, for a
// mount needs FUSE.
func Example() {
	ctx := context.Background()
	flight, err := mbtiles.Open(ctx, "flight.mbtiles")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer flight.Close()
	m, err := mount.Mount(ctx, "/home/me/X-Plane 12/Custom Scenery/zzXEL_eur_ortho", mount.Options{
		Scenery:  []string{"/data/zzXEL_eur_ortho"}, // terrain, masks and DSFs are passed through
		Archives: []mount.Archive{flight},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := m.Wait(); err != nil {
		fmt.Println(err)
	}
}

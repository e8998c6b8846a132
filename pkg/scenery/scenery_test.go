package scenery_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/scenery/scenerytest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestOpenSyntheticPackage(t *testing.T) {
	made, err := scenerytest.Make(t.TempDir(), scenerytest.Options{Real: 3})
	if err != nil {
		t.Fatal(err)
	}
	p, err := scenery.Open(t.Context(), made.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var got, real []tiles.Texture
	masks := 0
	for _, n := range p.Textures() {
		got = append(got, n.Texture)
		if n.Real {
			real = append(real, n.Texture)
		}
		if n.Mask {
			masks++
		}
		if n.File != n.Texture.File() {
			t.Errorf("%v is spelled %q", n.Texture, n.File)
		}
	}
	if diff := cmp.Diff(made.Textures, got); diff != "" {
		t.Errorf("textures (-made +read):\n%s", diff)
	}
	if diff := cmp.Diff(made.Real, real); diff != "" {
		t.Errorf("real textures (-made +read):\n%s", diff)
	}
	// 221 textures touch this cell (domain §1); one gives way to the 16 of the airport's zone.
	if len(got) != 221-1+16 {
		t.Errorf("%d textures, want %d", len(got), 221-1+16)
	}
	if masks == 0 || masks == len(got) {
		t.Errorf("%d of %d textures need a mask", masks, len(got))
	}
	if p.Terrains() != made.Terrains || p.SkippedCount() != 0 {
		t.Errorf("%d terrain files read and %d skipped, want %d and 0: %v", p.Terrains(), p.SkippedCount(), made.Terrains, p.Skipped())
	}
}

package inode

import (
	"fmt"
	"slices"
	"testing"

	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestNumbersNeverMeet(t *testing.T) {
	in := New(slices.Values([]string{}))
	seen := make(map[uint64]string)
	add := func(ino uint64, what string) {
		if other, taken := seen[ino]; taken || ino < 2 || ino>>63 != 0 {
			t.Errorf("inode %d of %s is that of %q", ino, what, other)
		}
		seen[ino] = what
	}
	for z := tiles.MinZL + 1; z <= tiles.MaxZL; z++ { // at ZL 4 there is one texture only
		last := uint32(1)<<z - tiles.TextureChunks
		for _, m := range []string{"bi", "go2", "arc@", "my_prov"} {
			for _, k := range []tiles.Key{{ZL: z, Maptype: m}, {ZL: z, Row: last, Maptype: m},
				{ZL: z, Col: last, Maptype: m}, {ZL: z, Row: last, Col: last, Maptype: m}} {
				add(in.Texture(k), fmt.Sprint(k))
			}
		}
	}
	for i := range 10_000 {
		add(Dir(fmt.Sprint("dir", i)), fmt.Sprint("dir ", i))
		add(Real(0xfd00, uint64(i)), fmt.Sprint("real ", i))
	}
}

// Maptypes whose hashes meet get numbers of their own.
func TestMaptypesThatMeet(t *testing.T) {
	in := New(slices.Values([]string{}))
	first := in.code("bi")
	in.codes = map[string]uint64{"other": first}
	second := in.code("bi")
	if second == first {
		t.Errorf("two maptypes have the number %d", first)
	}
	if again := in.code("bi"); again != second {
		t.Errorf("a maptype's number changes from %d to %d", second, again)
	}
}

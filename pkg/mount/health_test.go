//go:build linux

package mount

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/xelpack/xelpack/pkg/mount/internal/mounts"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestHealth(t *testing.T) {
	var good, bad fakeArchive
	for _, name := range []string{"160_320_BI16", "160_336_BI16", "160_352_BI16"} {
		good.add(name, small)
		bad.add(name, small)
	}
	looked := make(map[tiles.Texture]bool)
	broken := false
	bad.fail = func(x tiles.Texture, p []byte, off int64) (int, error) {
		looked[x] = true
		if broken {
			return 0, fmt.Errorf("read /home/somebody/a.mbtiles: %w", syscall.EIO)
		}
		return copy(p, bad.files[x.Key()][off:]), nil
	}
	f := mountTemp(t, Options{Archives: []Archive{&good, &bad}})
	for range 3 {
		if err := f.Health(t.Context()); err != nil {
			t.Errorf("%v, want it well", err)
		}
	}
	if len(looked) != 3 {
		t.Errorf("%d textures were looked at in three turns, want 3", len(looked))
	}
	if s := f.Stats(); s.Archived.Opens+s.Archived.Reads > 0 {
		t.Errorf("the looks count as the simulator's: %+v", s.Archived)
	}

	broken = true
	err := f.Health(t.Context())
	if err == nil || !strings.Contains(err.Error(),
		"archive 2 cannot be read: input/output error") || strings.Contains(err.Error(), "/home") {
		t.Errorf("a broken archive: %v", err)
	}
	f.SetArchives([]Archive{&good})
	if err := f.Health(t.Context()); err != nil {
		t.Errorf("without the broken archive: %v, want it well", err)
	}
}

func TestHealthOfWhatIsUnmounted(t *testing.T) {
	f := mountTemp(t, Options{})
	if err := mounts.Detach(f.mountpoint); err != nil {
		t.Fatal(err)
	}
	if err := f.Health(t.Context()); err == nil || strings.Contains(err.Error(), f.mountpoint) {
		t.Errorf("unmounted: %v", err)
	}
}

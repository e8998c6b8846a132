//go:build linux

package mount

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/mount/internal/standin"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestAncestor(t *testing.T) {
	archive := func(names ...string) *fakeArchive {
		var a fakeArchive
		for _, name := range names {
			a.put(name, small, nil)
		}
		return &a
	}
	for name, c := range map[string]struct {
		of, want string
		in       []string
	}{
		"nearest": {"1616_3248_BI18", "800_1616_BI17",
			[]string{"800_1616_BI17", "400_800_BI16"}},
		"four up":               {"1616_3248_BI18", "96_192_BI14", []string{"96_192_BI14"}},
		"five up is too far":    {"1616_3248_BI18", "", []string{"48_96_BI13"}},
		"neighbour":             {"1616_3248_BI18", "", []string{"800_1600_BI17", "816_1616_BI17"}},
		"other imagery":         {"1616_3248_BI18", "", []string{"800_1616_GO17"}},
		"itself is no ancestor": {"1616_3248_BI18", "", []string{"1616_3248_BI18"}},
		"top of the world":      {"0_0_BI04", "", []string{"0_0_BI05"}},
	} {
		t.Run(name, func(t *testing.T) {
			a, ok := newShelf([]Archive{archive(c.in...)}).covering(t.Context(), tex(c.of))
			if ok != (c.want != "") || ok && a.Up != int(tex(c.of).ZL)-int(tex(c.want).ZL) {
				t.Errorf("ancestor of %s: %d above, %v; want %q", c.of, a.Up, ok, c.want)
			}
		})
	}
}

// A stand-in comes from the archived parent, unless that cannot be read.
func TestStandInFromParent(t *testing.T) {
	for _, readable := range []bool{true, false} {
		var a fakeArchive
		file := a.add("800_1600_BI15", LiveLayout())
		child := tex("1616_3200_BI16")
		want := grounded(LiveLayout())
		if readable {
			var err error
			if want, err = standin.Enlarge(standin.Ancestor{Layout: LiveLayout(), Up: 1,
				ReadAt: func(p []byte, off int64) error {
					copy(p, file[off:])
					return nil
				}}, child, LiveLayout()); err != nil {
				t.Fatal(err)
			}
		} else {
			a.fail = func(tiles.Texture, []byte, int64) (int, error) {
				return 0, errors.New("disk on fire")
			}
		}
		g, _ := stuck()
		o := liveAny(g)
		o.Archives, o.Deadline = []Archive{&a}, time.Millisecond
		f := mountTemp(t, o)
		r := mounttest.NewReader(t)
		for range 2 {
			if got, errno := r.HashFile(f.textures(child.File())); errno != 0 ||
				got != sha256.Sum256(want) {
				t.Errorf("parent readable %v: not the stand-in expected, %v", readable, errno)
			}
		}
		r.Close()
		patience.Until(t, "no bytes are held by open files when none is open",
			func() bool { return f.Stats().OpenBytes == 0 })
	}
}

// With as many bytes in open files as the cache may have, stand-ins cost nothing.
func TestStandInsAreBounded(t *testing.T) {
	var a fakeArchive
	a.add("800_1600_BI15", small)
	l := newLive(t.Context(), &Options{MemoryCache: 1 << 20, Live: LiveAny}, newShelf([]Archive{&a}),
		&liveCounters{})
	defer l.close()
	child := tex("1616_3200_BI16")
	if c := l.standIn(child); c.data == nil {
		t.Fatal("the stand-in is not the parent")
	}
	l.pinned = 1 << 20
	if c := l.standIn(child); c.data != nil {
		t.Error("the stand-in is not ground although the memory is used up")
	}
}

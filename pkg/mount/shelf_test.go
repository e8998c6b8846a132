//go:build linux

package mount

import (
	"crypto/sha256"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// seen is what a reader finds under a name.
type seen struct {
	stat mounttest.Stat
	sum  [sha256.Size]byte
}

func look(t *testing.T, r *mounttest.Reader, path string) seen {
	t.Helper()
	st, errno := r.Stat(path)
	if errno != 0 {
		t.Fatalf("stat %s: %v", path, errno)
	}
	sum, errno := r.HashFile(path)
	if errno != 0 {
		t.Fatalf("read %s: %v", path, errno)
	}
	return seen{st, sum}
}

// Archives that come while the mount is in use add names and take over others of equal size;
// nothing that was announced changes its looks, and who has a file open reads on in it.
func TestSetArchives(t *testing.T) {
	var old, fresh fakeArchive
	const known, resized, gone, added, missed = "160_320_BI16", "160_336_BI16", "160_352_BI16", "160_368_BI16", "160_384_BI16"
	oldKnown := sha256.Sum256(old.add(known, small))
	oldResized := sha256.Sum256(old.add(resized, small))
	oldGone := sha256.Sum256(old.add(gone, small))
	old.add("160_400_BI16", small) // never asked for

	larger := dds.Layout{Format: dds.BC1, Side: 512}
	newKnown := noise(small, "a better one")
	fresh.put(known, small, newKnown)
	fresh.add(resized, larger)
	newAdded := sha256.Sum256(fresh.add(added, larger))
	newMissed := sha256.Sum256(fresh.add(missed, small))
	fresh.add("160_400_BI16", larger)

	f := mountTemp(t, Options{Archives: []Archive{&old}})
	r := mounttest.NewReader(t)
	path := func(name string) string { return f.textures(name + ".dds") }
	before := map[string]seen{}
	for _, name := range []string{known, resized, gone} {
		before[name] = look(t, r, path(name))
	}
	for _, spelling := range []string{missed + ".dds", "160-384-bi16.DDS"} {
		if _, errno := r.Stat(f.textures(spelling)); errno != syscall.ENOENT {
			t.Fatalf("%s before it was there: %v", spelling, errno)
		}
	}
	open, errno := r.Open(path(known))
	if errno != 0 {
		t.Fatal(errno)
	}

	got := f.SetArchives([]Archive{&fresh})
	// 160_400 was in the old archive but never announced: it may come in any size.
	if diff := cmp.Diff(Change{New: 2, Replaced: 2, Kept: 1}, got); diff != "" {
		t.Errorf("change (-want +got):\n%s", diff)
	}
	if sum, errno := r.Hash(open); errno != 0 || sum != oldKnown {
		t.Errorf("a file that was open reads other bytes than before, %v", errno)
	}
	for name, want := range map[string][sha256.Size]byte{known: sha256.Sum256(newKnown),
		resized: oldResized, gone: oldGone} {
		after := look(t, r, path(name))
		if after.stat != before[name].stat {
			t.Errorf("%s: stat changed from %+v to %+v", name, before[name].stat, after.stat)
		}
		if after.sum != want {
			t.Errorf("%s: not the bytes that were expected", name)
		}
	}
	for name, want := range map[string][sha256.Size]byte{added + ".dds": newAdded,
		missed + ".dds": newMissed, "160-384-bi16.DDS": newMissed} {
		if after := look(t, r, f.textures(name)); after.sum != want {
			t.Errorf("%s: not the bytes of the new archive", name)
		}
	}
	if st, errno := r.Stat(path("160_400_BI16")); errno != 0 || st.Size != larger.Size() {
		t.Errorf("a name that was never announced: size %d, %v; want that of the new archive, %d",
			st.Size, errno, larger.Size())
	}
	// The file that is open still reads the old bytes after the new ones were read under its name.
	if sum, errno := r.Map(open, true); errno != 0 || sum != oldKnown {
		t.Errorf("a file that was open maps other bytes than before, %v", errno)
	}

	// And back again: what was replaced is what it was.
	f.SetArchives([]Archive{&old, &fresh})
	if after := look(t, r, path(known)); after != before[known] {
		t.Error("with the old archive first again the old bytes are not read")
	}
	if after := look(t, r, path(added)); after.sum != newAdded {
		t.Error("what only the new archive has is gone")
	}
}

// A texture that was announced live is served from an archive that comes later if it has the size,
// and goes on live otherwise.
func TestSetArchivesOverLive(t *testing.T) {
	const equal, smaller = "160_320_BI16", "160_336_BI16"
	f := mountTemp(t, liveAny(healthy()))
	r := mounttest.NewReader(t)
	before := map[string]seen{}
	for _, name := range []string{equal, smaller} {
		before[name] = look(t, r, f.textures(name+".dds"))
	}
	open, errno := r.Open(f.textures(equal + ".dds"))
	if errno != 0 {
		t.Fatal(errno)
	}
	var a fakeArchive
	archived := sha256.Sum256(a.add(equal, LiveLayout()))
	a.add(smaller, small)
	if got := f.SetArchives([]Archive{&a}); got.Kept != 1 {
		t.Errorf("%+v, want 1 kept", got)
	}
	if after := look(t, r, f.textures(equal+".dds")); after.sum != archived ||
		after.stat != before[equal].stat {
		t.Errorf("not the archived bytes under the old looks: %+v", after.stat)
	}
	if after := look(t, r, f.textures(smaller+".dds")); after != before[smaller] {
		t.Error("a live texture changed for one of another size")
	}
	if sum, errno := r.Hash(open); errno != 0 || sum != before[equal].sum {
		t.Errorf("a file that was open reads other bytes than before, %v", errno)
	}
}

// slowArchive has its first look-up of a texture last until goOn is closed.
type slowArchive struct {
	fakeArchive
	before atomic.Bool
	asked  chan struct{}
	goOn   chan struct{}
	wanted tiles.Key
}

func (a *slowArchive) Lookup(k tiles.Key) (mbtiles.Entry, bool) {
	if k == a.wanted && !a.before.Swap(true) {
		close(a.asked)
		<-a.goOn
	}
	return a.fakeArchive.Lookup(k)
}

// A name that is looked up while the archive comes that has it is there at the latest when it is
// looked up again.
func TestSetArchivesDuringLookup(t *testing.T) {
	const name = "160_320_BI16"
	old := &slowArchive{asked: make(chan struct{}), goOn: make(chan struct{}),
		wanted: tex(name).Key()}
	var fresh fakeArchive
	fresh.add(name, small)
	f := mountTemp(t, Options{Archives: []Archive{old}})
	r := mounttest.NewReader(t)
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		_, _ = r.Stat(f.textures(name + ".dds")) // there or not, as it happens
	}()
	<-old.asked
	f.SetArchives([]Archive{old, &fresh})
	close(old.goOn)
	<-looked
	if _, errno := r.Stat(f.textures(name + ".dds")); errno != 0 {
		t.Errorf("stat after the archive has come: %v", errno)
	}
}

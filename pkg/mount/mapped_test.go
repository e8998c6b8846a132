//go:build linux

package mount

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
)

// A C program that maps files, closes them and touches their pages in no order finds archived,
// live, stand-in and real textures exact.
func TestMappedByC(t *testing.T) {
	mounttest.NeedFUSE(t)
	if testing.Short() {
		t.Skip("it reads 50 MB and starts a compiler: it runs in the plain pass, without -short")
	}
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skipf("the reader cannot be built: %v", err)
	}
	reader := filepath.Join(t.TempDir(), "mapread")
	if out, err := exec.Command(gcc, "-O1", "-o", reader,
		filepath.Join("testdata", "mapread.c")).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	var a fakeArchive
	scenery := t.TempDir()
	files := map[string][]byte{
		"160_320_BI16.dds": a.add("160_320_BI16", LiveLayout()),
		"160_336_BI16.dds": a.add("160_336_BI16", small),
		"160_352_BI16.dds": made(tex("160_352_BI16")),
		"160_384_BI16.dds": noise(small, "real"),
	}
	write(t, scenery, "textures/160_384_BI16.dds", files["160_384_BI16.dds"])
	o := liveAny(healthy())
	o.Archives, o.Scenery = []Archive{&a}, []string{scenery}
	f := mountTemp(t, o)
	var paths []string
	var want []byte
	for name, content := range files {
		paths = append(paths, f.textures(name), f.textures(name)) // shared and private
		want = append(append(want, content...), content...)
	}
	for range 2 { // the second time from the page cache
		got, err := exec.Command(reader, paths...).Output()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, equal to what was expected: %v; %v", len(got),
				bytes.Equal(got, want), err)
		}
	}
}

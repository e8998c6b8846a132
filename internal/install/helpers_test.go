package install

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// noise makes a valid file: every seed another one.
func noise(side int, seed byte) []byte {
	l := dds.Layout{Format: dds.BC1, Side: side}
	file := make([]byte, l.Size())
	h := l.Header()
	rand.NewChaCha8([32]byte{seed}).Read(file[copy(file, h[:]):])
	return file
}

// name is the n-th texture's.
func name(n int) string { return fmt.Sprintf("23952_%d_BI16.dds", 33712+16*n) }

// pack makes an archive of textures: the seed of each, by its number.
func pack(t *testing.T, side int, seeds map[int]byte) (*mbtiles.Archive, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "a.mbtiles")
	w, err := mbtiles.Create(t.Context(), file, mbtiles.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for n, seed := range seeds {
		texture, err := tiles.ParseName(name(n))
		if err != nil {
			t.Fatal(err)
		}
		content, err := mbtiles.NewEncoder(mbtiles.None).Encode(noise(side, seed))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Put(t.Context(), mbtiles.Record{Texture: texture, Detail: 4, Chunks: 1},
			content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	a, err := mbtiles.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a, file
}

// newPackage makes a package that has files of its own: as they are in the archive "a" of these
// tests, others, a link, and what is no texture.
func newPackage(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "zzXEL_ortho")
	for file, body := range map[string]string{
		"terrain/a.ter":                 "A\n800\nTERRAIN\n",
		"textures/" + name(1):           string(noise(256, 1)), // equals a's
		"textures/" + name(2):           string(noise(256, 100)),
		"textures/" + name(7):           string(noise(256, 107)), // that b has, and a has not
		"textures/readme.txt":           "mine",
		"textures/23952_33712_ZL16.png": "a mask",
	} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "textures", name(3))
	err := os.Symlink(filepath.Join("..", "elsewhere.dds"), link)
	if _, errSeen := os.Lstat(link); err != nil || errSeen != nil {
		t.Logf("without a link, as for some users of Windows and in wine: %v, %v", err, errSeen)
		_ = os.Remove(link)
	}
	return dir
}

// links is how many links a package has.
func links(dir string) int {
	if _, err := os.Lstat(filepath.Join(dir, "textures", name(3))); err != nil {
		return 0
	}
	return 1
}

// The archives of these tests. 5 and 6 are equal; b has the content of a's 0 under another name as
// well, and what the package had of its own.
var (
	seedsA = map[int]byte{0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 5}
	seedsB = map[int]byte{0: 0, 1: 11, 2: 100, 4: 14, 7: 17, 8: 18, 9: 0, 10: 18}
)

// check compares the textures of a package with those of an archive.
func check(t *testing.T, dir string, seeds map[int]byte) {
	t.Helper()
	for n, seed := range seeds {
		got, err := os.ReadFile(filepath.Join(dir, "textures", name(n)))
		if err != nil || !bytes.Equal(got, noise(256, seed)) {
			t.Errorf("%s: %v, equal: %v", name(n), err, bytes.Equal(got, noise(256, seed)))
		}
	}
}

func mustInstall(t *testing.T, a *mbtiles.Archive, file string, o Options) Report {
	t.Helper()
	r, err := Install(t.Context(), a, file, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustUninstall(t *testing.T, dir string) Report {
	t.Helper()
	r, err := Uninstall(t.Context(), Options{Scenery: dir})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func put(t *testing.T, dir, file string, body []byte) {
	t.Helper()
	// Not in place: whoever has a hard link to it keeps what it was.
	tmp := filepath.Join(t.TempDir(), "new")
	if err := os.WriteFile(tmp, body, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, "textures", file)); err != nil {
		t.Fatal(err)
	}
}

//go:build linux

package mount

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
)

// sceneries makes two scenery directories that overlap and says what their union with an archive
// must be.
func sceneries(t *testing.T) (o Options, tree mounttest.Tree) {
	one, two := t.TempDir(), t.TempDir()
	put := func(dir, path, content string) []byte {
		write(t, dir, path, []byte(content))
		return []byte(content)
	}
	var a fakeArchive
	full := a.add("160_320_BI16", LiveLayout())
	a.add("160_336_BI16", small) // real in one
	a.add("160_352_BI16", small) // real in two, spelled otherwise
	empty := put(one, "library.txt", "")
	readme := put(one, "README with spaces", "first")
	put(two, "README with spaces", "second")
	dsf := put(one, "Earth nav data/+40+000/+43+005.dsf", strings.Repeat("XPLNEDSF", 40_000))
	other := put(two, "Earth nav data/+40+000/+43+006.dsf", "other")
	ter := put(one, "terrain/160_320_BI16.ter", "A\n800\nTERRAIN\n")
	sea := put(two, "terrain/160_320_BI16_sea.ter", "A\n800\nTERRAIN\n\nWET\n")
	real := put(one, "textures/160_336_BI16.dds", "a real file of the package, not even a DDS")
	put(two, "textures/160_336_BI16.dds", "shadowed")
	odd := put(two, "textures/160-352-bi16.DDS", "real, oddly spelled")
	mask := put(two, "textures/160_320_ZL16.png", "mask")
	if err := os.Symlink("terrain/160_320_BI16.ter", filepath.Join(one, "link.ter")); err != nil {
		t.Fatal(err)
	}
	return Options{Scenery: []string{one, two}, Archives: []Archive{&a}}, mounttest.Tree{
		Files: []mounttest.File{
			{Path: "library.txt", Content: empty},
			{Path: "README with spaces", Content: readme},
			{Path: "Earth nav data/+40+000/+43+005.dsf", Content: dsf},
			{Path: "Earth nav data/+40+000/+43+006.dsf", Content: other},
			{Path: "terrain/160_320_BI16.ter", Content: ter},
			{Path: "terrain/160_320_BI16_sea.ter", Content: sea},
			{Path: "textures/160_320_BI16.dds", Content: full,
				Spellings: []string{"textures/160-320-bi16.DDS"}},
			{Path: "textures/160_336_BI16.dds", Content: real,
				Spellings: []string{"textures/160_336_bi16.dds"}},
			{Path: "textures/160-352-bi16.DDS", Content: odd,
				Spellings: []string{"textures/160_352_BI16.dds"}},
			{Path: "textures/160_320_ZL16.png", Content: mask},
		},
		Absent: []string{"textures/160_320_ZL16.dds", "textures/160_320_BI16.ktx2",
			"terrain/160_320_BI16.dds", "terrain/x/y", "x"},
	}
}

func TestScenery(t *testing.T) {
	mounttest.NeedFUSE(t)
	o, tree := sceneries(t)
	dir := t.TempDir()
	f := mountAt(t, dir, o)
	tree.Dir = f.mountpoint
	tree.Remount = func(t *testing.T) {
		if err := f.Unmount(t.Context()); err != nil {
			t.Fatalf("Unmount: %v", err)
		}
		f = mountAt(t, dir, o)
	}
	mounttest.Run(t, tree)
}

func TestSceneryListing(t *testing.T) {
	o, _ := sceneries(t)
	f := mountTemp(t, o)
	r := mounttest.NewReader(t)
	for dir, want := range map[string][]string{
		"": {"Earth nav data", "README with spaces", "library.txt",
			"link.ter", "terrain", "textures"},
		"Earth nav data":         {"+40+000"},
		"Earth nav data/+40+000": {"+43+005.dsf", "+43+006.dsf"},
		"terrain":                {"160_320_BI16.ter", "160_320_BI16_sea.ter"},
		"textures": {"160-352-bi16.DDS", "160_320_BI16.dds", "160_320_ZL16.png",
			"160_336_BI16.dds"},
	} {
		_, names, errno := r.List(filepath.Join(f.mountpoint, dir))
		slices.Sort(names)
		if errno != 0 || !slices.Equal(names, want) {
			t.Errorf("list %q: %q, %v; want %q", dir, names, errno, want)
		}
	}
}

// Archived textures come before real ones when that is asked for, in every spelling and in the
// listing.
func TestPreferArchive(t *testing.T) {
	mounttest.NeedFUSE(t)
	o, _ := sceneries(t)
	o.PreferArchive = true
	var tree mounttest.Tree
	for _, name := range []string{"160_320_BI16", "160_336_BI16", "160_352_BI16"} {
		file := o.Archives[0].(*fakeArchive).files[tex(name).Key()]
		tree.Files = append(tree.Files,
			mounttest.File{Path: "textures/" + name + ".dds", Content: file,
				Spellings: []string{"textures/" + strings.ToLower(name) + ".DDS"}})
	}
	f := mountTemp(t, o)
	tree.Dir = f.mountpoint
	mounttest.Run(t, tree)
	if _, names, _ := mounttest.NewReader(t).List(f.textures("")); len(names) != 4 {
		t.Errorf("listed: %q, want the three textures and a mask", names)
	}
}

// Links are shown as links, with textures as the exception, whose textures must be found wherever
// they lie.
func TestSceneryLinks(t *testing.T) {
	mounttest.NeedFUSE(t)
	scenery, elsewhere := t.TempDir(), t.TempDir()
	write(t, elsewhere, "160_320_BI16.dds", []byte("real"))
	write(t, scenery, "terrain/a.ter", []byte("terrain"))
	for link, target := range map[string]string{texturesName: elsewhere, "inside": "terrain/a.ter",
		"gone": "nowhere", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(scenery, link)); err != nil {
			t.Fatal(err)
		}
	}
	f := mountAt(t, t.TempDir(), Options{Scenery: []string{scenery}})
	r := mounttest.NewReader(t)
	for path, want := range map[string]struct {
		mode  uint32
		open  syscall.Errno
		bytes string
	}{
		"textures":                  {syscall.S_IFDIR, 0, ""},
		"textures/160_320_BI16.dds": {syscall.S_IFREG, 0, "real"},
		"inside":                    {syscall.S_IFLNK, 0, "terrain"},
		"gone":                      {syscall.S_IFLNK, syscall.ENOENT, ""},
		"loop":                      {syscall.S_IFLNK, syscall.ELOOP, ""},
	} {
		full := filepath.Join(f.mountpoint, path)
		if st, errno := r.Stat(full); errno != 0 || st.Mode&syscall.S_IFMT != want.mode {
			t.Errorf("stat %s: mode %o, %v; want %o", path, st.Mode, errno, want.mode)
		}
		fd, errno := r.Open(full)
		if errno != want.open {
			t.Errorf("open %s: %v, want %v", path, errno, want.open)
		}
		if got, _ := r.Read(fd, 0, 100); want.bytes != "" && string(got) != want.bytes {
			t.Errorf("read %s: %q, want %q", path, got, want.bytes)
		}
	}
}

// The kernel reads real files by itself where it can, all opens of a file alike.
func TestPassthrough(t *testing.T) {
	o, tree := sceneries(t)
	f := mountTemp(t, o)
	if !f.driver.(*goFuse).passthrough.offered || os.Geteuid() != 0 {
		t.Skip("the kernel does not offer pass-through, or not to this user")
	}
	r := mounttest.NewReader(t)
	for range 3 {
		for _, file := range tree.Files {
			if got, errno := r.HashFile(filepath.Join(f.mountpoint, file.Path)); errno != 0 ||
				got != sha256.Sum256(file.Content) {
				t.Errorf("%s: other bytes than expected, %v", file.Path, errno)
			}
		}
	}
	if s := f.Stats(); s.Passthrough != s.Real.Opens || s.Real.Opens == 0 || s.Real.Reads != 0 {
		t.Errorf("not everything was passed through: %+v", s)
	}
}

// Without pass-through real files are read by descriptor.
func TestWithoutPassthrough(t *testing.T) {
	mounttest.NeedFUSE(t)
	o, tree := sceneries(t)
	f := mountAt(t, t.TempDir(), o)
	p := &f.driver.(*goFuse).passthrough
	p.mu.Lock()
	p.offered = false
	p.mu.Unlock()
	tree.Dir = f.mountpoint
	mounttest.Run(t, tree)
	if s := f.Stats(); s.Passthrough != 0 || s.Real.Reads == 0 {
		t.Errorf("stats: %+v", s)
	}
}

// A file that is replaced below the mount is seen anew, also while somebody has the old one open.
func TestReplacedFile(t *testing.T) {
	mounttest.NeedFUSE(t)
	scenery := t.TempDir()
	write(t, scenery, "terrain/a.ter", []byte("the old terrain"))
	f := mountAt(t, t.TempDir(), Options{Scenery: []string{scenery}})
	r := mounttest.NewReader(t)
	path := filepath.Join(f.mountpoint, "terrain/a.ter")
	old, errno := r.Open(path)
	if errno != 0 {
		t.Fatal(errno)
	}
	write(t, scenery, "new", []byte("new"))
	if err := os.Rename(filepath.Join(scenery, "new"),
		filepath.Join(scenery, "terrain/a.ter")); err != nil {
		t.Fatal(err)
	}
	fresh, errno := r.Open(path)
	if errno != 0 {
		t.Fatalf("open what was replaced: %v", errno)
	}
	if got, errno := r.Read(fresh, 0, 100); errno != 0 || string(got) != "new" {
		t.Errorf("opened anew: %q, %v; want the new file", got, errno)
	}
	if got, errno := r.Read(old, 0, 100); errno != 0 || string(got) != "the old terrain" {
		t.Errorf("still open: %q, %v; want the old file", got, errno)
	}
}

// A folder of many names is listed in pieces, whole and each name once, and nothing of it is looked
// at before.
func TestManyNames(t *testing.T) {
	mounttest.NeedFUSE(t)
	if testing.Short() {
		t.Skip("20,000 names find no race that a few do not: for the full suite")
	}
	const n = 20_000
	scenery := t.TempDir()
	for i := range n / 2 {
		write(t, scenery, "textures/"+strings.Replace(named(i), "BI16.dds", "ZL16.png", 1), nil)
	}
	var a fakeArchive
	for i := range n / 2 {
		a.put(named(i), small, nil)
	}
	f := mountAt(t, t.TempDir(), Options{Scenery: []string{scenery}, Archives: []Archive{&a}})
	r := mounttest.NewReader(t)
	for range 2 {
		inos, names, errno := r.List(f.textures(""))
		if errno != 0 || len(names) != n || len(inos) != n {
			t.Errorf("%d names, %d different, %v; want %d", len(names), len(inos), errno, n)
		}
	}
}

// Real files that come while the mount is there are found, in any spelling.
func TestRealTextureAppears(t *testing.T) {
	mounttest.NeedFUSE(t)
	scenery := t.TempDir()
	write(t, scenery, "textures/160_320_BI16.dds", []byte("first"))
	f := mountAt(t, t.TempDir(), Options{Scenery: []string{scenery}})
	r := mounttest.NewReader(t)
	if _, errno := r.Stat(f.textures("160_320_bi16.dds")); errno != 0 {
		t.Fatalf("other spelling: %v", errno)
	}
	write(t, scenery, "textures/160_336_BI16.dds", []byte("second"))
	for _, name := range []string{"160_336_bi16.dds", "160-336-BI16.dds", "160_336_BI16.dds"} {
		if st, errno := r.Stat(f.textures(name)); errno != 0 || st.Size != 6 {
			t.Errorf("%s: %+v, %v", name, st, errno)
		}
	}
}

func TestParseFile(t *testing.T) {
	for name, want := range map[string]string{
		"160_320_BI16.dds": "160_320_BI16", "160-320-bi16.DDS": "160_320_bi16",
		"160_320_BI16": "", ".dds": "", "": "", "160_320_ZL16.dds": "", "160_320_BI16.ktx2": "",
		"160_320_BI16.dds.dds": "", "x.dds": "",
	} {
		got, ok := parseFile(name)
		if ok != (want != "") || ok && got.Name() != want {
			t.Errorf("parseFile(%q) = %v, %v; want %q", name, got, ok, want)
		}
	}
}

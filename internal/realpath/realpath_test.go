package realpath_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/xelpack/xelpack/internal/realpath"
)

func TestOf(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, sub := range []string{"a/b", "other disk"} {
		if err := os.MkdirAll(sub, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("a/b/file", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		"absolute":    filepath.Join(dir, "a/b/file"),
		"relative":    "a/b/file",
		"twice":       "relative",
		"folder":      "a/b",
		"up":          "folder/../c", // of a/b, so a/c, and not c
		"dangling":    "other disk/new",
		"no folder":   "nowhere/new",
		"a/b/sibling": "../other",
		"loop":        "loop",
		"dead":        "/nowhere/at all/file",
	} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"a/b/file":          "a/b/file", // as it was given
		"none":              "none",
		"folder/file":       "folder/file",
		"absolute":          dir + "/a/b/file",
		"relative":          dir + "/a/b/file",
		"twice":             dir + "/a/b/file",
		"up":                dir + "/a/c",
		"dangling":          dir + "/other disk/new",
		"no folder":         dir + "/nowhere/new",
		"a/b/sibling":       dir + "/a/other",
		"folder/sibling":    dir + "/a/other", // the folder is a link itself
		"folder/../b/file":  "folder/../b/file",
		"./relative":        dir + "/a/b/file",
		"dead":              "/nowhere/at all/file",
		dir + "/./dangling": dir + "/other disk/new",
	} {
		if got, err := realpath.Of(path); err != nil || got != want {
			t.Errorf("Of(%q) = %q, %v; want %q", path, got, err, want)
		}
	}
	for path, want := range map[string]string{
		"folder/file": dir + "/a/b/file",
		"none":        dir + "/none",
		"no/folder":   dir + "/no/folder",
		"twice":       dir + "/a/b/file",
		".":           dir,
	} {
		if got, err := realpath.Absolute(path); err != nil || got != want {
			t.Errorf("Absolute(%q) = %q, %v; want %q", path, got, err, want)
		}
	}
	if got, err := realpath.Of("loop"); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("Of(loop) = %q, %v", got, err)
	}
}

func TestInside(t *testing.T) {
	for _, c := range []struct {
		path, dir string
		want      bool
	}{
		{"/a/b", "/a", true}, {"/a", "/a", true}, {"/ab", "/a", false}, {"/a", "/a/b", false},
		{"/a", "/", true}, {"/", "/", true}, {"pipe:[1]", "/a", false},
	} {
		if got := realpath.Inside(c.path, c.dir); got != c.want {
			t.Errorf("Inside(%q, %q) = %v", c.path, c.dir, got)
		}
	}
}

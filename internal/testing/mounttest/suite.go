package mounttest

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// File is a file that must be there.
type File struct {
	Path      string // below Tree.Dir
	Content   []byte
	Unlisted  bool     // found by name only
	Spellings []string // other paths that must lead to the same file
}

// Tree is the expected content of a mount.
type Tree struct {
	Dir    string
	Files  []File
	Absent []string // paths that must not be there
	// Remount, if set, unmounts and mounts again at Dir: the results of stat must not change.
	Remount func(t *testing.T)
}

// Run checks that a mount is as tree says, and that nothing in it can be changed.
func Run(t *testing.T, tree Tree) {
	r := NewReader(t)
	t.Run("stat", func(t *testing.T) { tree.stat(t, r) })
	t.Run("whole files", func(t *testing.T) { tree.whole(t, r) })
	t.Run("random reads", func(t *testing.T) { tree.random(t, r) })
	t.Run("reads at the end", func(t *testing.T) { tree.end(t, r) })
	t.Run("mapped", func(t *testing.T) { tree.mapped(t, r) })
	t.Run("many at once", func(t *testing.T) { tree.atOnce(t, r) })
	t.Run("path tricks", func(t *testing.T) { tree.tricks(t, r) })
	t.Run("listing", func(t *testing.T) { tree.listing(t, r) })
	t.Run("spellings", func(t *testing.T) { tree.spellings(t, r) })
	t.Run("absent", func(t *testing.T) { tree.absent(t, r) })
	t.Run("read-only", func(t *testing.T) { tree.readOnly(t, r) })
	t.Run("remount", func(t *testing.T) { tree.remount(t, r) })
}

func (tree Tree) path(p string) string { return filepath.Join(tree.Dir, p) }

// each runs check for every file, opened.
func (tree Tree) each(t *testing.T, r *Reader, check func(t *testing.T, f File, fd int)) {
	for _, f := range tree.Files {
		fd, errno := r.Open(tree.path(f.Path))
		if errno != 0 {
			t.Errorf("open %s: %v", f.Path, errno)
			continue
		}
		check(t, f, fd)
		r.CloseFile(fd)
	}
}

func (tree Tree) stats(t *testing.T, r *Reader) map[string]Stat {
	all := make(map[string]Stat)
	for _, f := range tree.Files {
		st, errno := r.Stat(tree.path(f.Path))
		if errno != 0 {
			t.Errorf("stat %s: %v", f.Path, errno)
		}
		all[f.Path] = st
	}
	return all
}

func (tree Tree) stat(t *testing.T, r *Reader) {
	owner := make(map[uint64]string)
	stats := tree.stats(t, r)
	for _, f := range tree.Files {
		st := stats[f.Path]
		if st.Size != int64(len(f.Content)) {
			t.Errorf("%s: size %d, want %d", f.Path, st.Size, len(f.Content))
		}
		if st.Mode&syscall.S_IFMT != syscall.S_IFREG {
			t.Errorf("%s: mode %o is not a regular file's", f.Path, st.Mode)
		}
		if other, taken := owner[st.Ino]; taken || st.Ino == 0 {
			t.Errorf("%s: inode %d, which is also that of %q", f.Path, st.Ino, other)
		}
		owner[st.Ino] = f.Path
	}
	if diff := cmp.Diff(stats, tree.stats(t, r)); diff != "" {
		t.Errorf("stat changed from one time to the next (-first +second):\n%s", diff)
	}
}

func (tree Tree) whole(t *testing.T, r *Reader) {
	for range 2 { // the second time from the page cache, if it is kept
		tree.each(t, r, func(t *testing.T, f File, fd int) {
			if got, errno := r.Hash(fd); errno != 0 || got != sha256.Sum256(f.Content) {
				t.Errorf("%s: wrong bytes, %v", f.Path, errno)
			}
		})
	}
}

func (tree Tree) random(t *testing.T, r *Reader) {
	rnd := rand.New(rand.NewPCG(1, 2))
	tree.each(t, r, func(t *testing.T, f File, fd int) {
		for range 40 {
			if len(f.Content) == 0 {
				return
			}
			off := rnd.IntN(len(f.Content))
			n := 1 + rnd.IntN(1<<rnd.IntN(19))
			want := f.Content[off:min(len(f.Content), off+n)]
			if got, errno := r.Read(fd, int64(off), n); errno != 0 || !bytes.Equal(got, want) {
				t.Fatalf("%s: read %d bytes at %d: got %d, equal %v, %v", f.Path, n, off, len(got),
					bytes.Equal(got, want), errno)
			}
		}
	})
}

func (tree Tree) end(t *testing.T, r *Reader) {
	tree.each(t, r, func(t *testing.T, f File, fd int) {
		size := len(f.Content)
		for _, c := range []struct{ off, n int }{
			{size, 1}, {size, 1 << 20}, {size + 1, 10}, {size + 1<<20, 4096}, {max(0, size-1), 2},
			{max(0, size-5000), 1 << 20}, {0, 0},
		} {
			want := f.Content[min(c.off, size):min(c.off+c.n, size)]
			if got, errno := r.Read(fd, int64(c.off), c.n); errno != 0 || !bytes.Equal(got, want) {
				t.Errorf("%s: read %d bytes at %d of %d: got %d, want %d, %v", f.Path, c.n, c.off,
					size, len(got), len(want), errno)
			}
		}
	})
}

func (tree Tree) mapped(t *testing.T, r *Reader) {
	tree.each(t, r, func(t *testing.T, f File, fd int) {
		if len(f.Content) == 0 {
			return // mapping an empty file fails everywhere
		}
		for _, shared := range []bool{false, true} {
			if got, errno := r.Map(fd, shared); errno != 0 || got != sha256.Sum256(f.Content) {
				t.Errorf("%s: mapped (shared %v): wrong bytes, %v", f.Path, shared, errno)
			}
		}
	})
}

// atOnce reads each file from many threads at the same time, whole and in pieces of different
// lengths.
func (tree Tree) atOnce(t *testing.T, r *Reader) {
	const threads = 8
	tree.each(t, r, func(t *testing.T, f File, fd int) {
		a := r.must(request{Op: "at once", File: fd, N: threads})
		if want := sha256.Sum256(f.Content); a.Errno != 0 ||
			!bytes.Equal(a.Data, bytes.Repeat(want[:], threads)) {
			t.Errorf("%s: wrong bytes for one of %d threads, %v", f.Path, threads, a.Errno)
		}
	})
}

// tricks looks up files under names that must not exist, or that must lead to the right file.
func (tree Tree) tricks(t *testing.T, r *Reader) {
	for _, f := range tree.Files {
		dir, name := filepath.Split(f.Path)
		at := tree.Dir + "/" + dir
		for path, want := range map[string]syscall.Errno{
			at + "./" + name: 0,
			at + "../" + filepath.Base(tree.path(dir)) + "/" + name: 0,
			at + "/" + name:                      0,
			at + name + "/":                      syscall.ENOTDIR,
			at + name + "/..":                    syscall.ENOTDIR,
			at + name + "/" + name:               syscall.ENOTDIR,
			at + name + " ":                      syscall.ENOENT,
			at + " " + name:                      syscall.ENOENT,
			at + name + "\n":                     syscall.ENOENT,
			at + name + "\xff\xfe":               syscall.ENOENT,
			at + "..\\" + name:                   syscall.ENOENT,
			at + "..%2f" + name:                  syscall.ENOENT,
			at + name + strings.Repeat("x", 250): syscall.ENOENT,
			at + strings.Repeat("9", 200) + name: syscall.ENOENT,
			at + "-" + name:                      syscall.ENOENT,
			at + "\U0001F6E9" + name:             syscall.ENOENT,
		} {
			st, errno := r.Stat(path)
			if errno == syscall.ENAMETOOLONG && len(filepath.Base(path)) > 255 {
				errno = syscall.ENOENT // a disk says this, where FUSE would ask
			}
			if errno != want {
				t.Errorf("stat %q: %v, want %v", strings.TrimPrefix(path, tree.Dir), errno, want)
			}
			if want == 0 && st.Size != int64(len(f.Content)) {
				t.Errorf("stat %q: size %d, want %d", strings.TrimPrefix(path, tree.Dir), st.Size,
					len(f.Content))
			}
		}
	}
}

func (tree Tree) listing(t *testing.T, r *Reader) {
	want := make(map[string][]string)
	unlisted := make(map[string]bool)
	for _, f := range tree.Files {
		dir := filepath.Dir(f.Path)
		want[dir] = append(want[dir], filepath.Base(f.Path))
		unlisted[f.Path] = f.Unlisted
	}
	for dir, files := range want {
		inos, names, errno := r.List(tree.path(dir))
		if errno != 0 {
			t.Errorf("list %s: %v", dir, errno)
		}
		if slices.Sort(names); len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("list %s: names come more than once: %q", dir, names)
		}
		for _, name := range files {
			path := filepath.Join(dir, name)
			if slices.Contains(names, name) == unlisted[path] {
				t.Errorf("list %s: %s listed: %v, want %v", dir, name, unlisted[path],
					!unlisted[path])
			}
			if st, _ := r.Stat(tree.path(path)); !unlisted[path] && inos[name] != st.Ino {
				t.Errorf("%s: inode %d in the listing, %d by stat", path, inos[name], st.Ino)
			}
		}
		for _, gone := range tree.Absent {
			if filepath.Dir(gone) == dir && slices.Contains(names, filepath.Base(gone)) {
				t.Errorf("list %s: holds %s", dir, gone)
			}
		}
	}
}

func (tree Tree) spellings(t *testing.T, r *Reader) {
	stats := tree.stats(t, r)
	for _, f := range tree.Files {
		for _, other := range f.Spellings {
			if st, errno := r.Stat(tree.path(other)); errno != 0 || st != stats[f.Path] {
				t.Errorf("stat %s: %+v, %v; want that of %s: %+v", other, st, errno, f.Path,
					stats[f.Path])
			}
			if got, errno := r.HashFile(tree.path(other)); errno != 0 ||
				got != sha256.Sum256(f.Content) {
				t.Errorf("%s: other bytes than %s, %v", other, f.Path, errno)
			}
		}
	}
}

func (tree Tree) absent(t *testing.T, r *Reader) {
	for range 2 { // the second time from the kernel's memory
		for _, p := range tree.Absent {
			if st, errno := r.Stat(tree.path(p)); errno != syscall.ENOENT {
				t.Errorf("stat %s: %+v, %v; want ENOENT", p, st, errno)
			}
			if _, errno := r.Open(tree.path(p)); errno != syscall.ENOENT {
				t.Errorf("open %s: %v, want ENOENT", p, errno)
			}
		}
	}
}

func (tree Tree) readOnly(t *testing.T, r *Reader) {
	onFile := []string{"open for writing", "open for reading and writing", "open to append",
		"truncate", "unlink", "rename", "link", "chmod", "chown", "utimes", "setxattr"}
	onDir := []string{"rmdir", "rename", "chmod", "chown"}
	newName := []string{"create", "mkdir", "symlink", "mknod"}
	refuse := func(ops []string, path string) {
		for _, op := range ops {
			if a := r.must(request{Op: op, Path: path,
				To: tree.path("new name")}); a.Errno != syscall.EROFS {
				t.Errorf("%s %s: %v, want EROFS", op, strings.TrimPrefix(path, tree.Dir), a.Errno)
			}
		}
	}
	refuse(newName, tree.path("another name"))
	for _, f := range tree.Files {
		refuse(onFile, tree.path(f.Path))
		refuse(newName, tree.path(filepath.Join(filepath.Dir(f.Path), "new")))
		if dir := filepath.Dir(f.Path); dir != "." {
			refuse(onDir, tree.path(dir))
		}
	}
}

func (tree Tree) remount(t *testing.T, r *Reader) {
	if tree.Remount == nil {
		t.Skip("the tree cannot be mounted again")
	}
	before := tree.stats(t, r)
	tree.Remount(t)
	if diff := cmp.Diff(before, tree.stats(t, r)); diff != "" {
		t.Errorf("stat differs from one mount to the next (-before +after):\n%s", diff)
	}
	tree.whole(t, r)
}

package install

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/install/manifest"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/scenery"
)

// folder is the textures folder of a package. All changes go through a handle that cannot leave it.
type folder struct {
	parent string   // the package
	path   string   // its textures folder, without links
	root   *os.Root // nil while the folder does not exist
	lock   *sqlite.Lock
	die    func(op string) error
	wrote  atomic.Int64 // bytes
}

// staged is the textures folder of a package that had none, before it gets its name and after it
// has lost it: it appears and disappears atomically.
const staged = ".xelpack-textures"

func openFolder(o Options) (*folder, error) {
	textures, err := scenery.TexturesFolder(o.Scenery)
	if err != nil {
		return nil, err
	}
	f := &folder{die: o.die}
	if f.parent, err = real(o.Scenery); err != nil {
		return nil, err
	}
	if textures == "" {
		f.path = filepath.Join(f.parent, "textures")
		return f, nil
	}
	if f.path, err = real(textures); err != nil {
		return nil, err
	}
	if f.root, err = os.OpenRoot(f.path); err != nil || o.DryRun {
		return f, err
	}
	return f, f.take()
}

// real returns the absolute path of a folder, without links.
func real(dir string) (string, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	return filepath.Abs(dir)
}

// take makes sure that nothing else changes the package.
func (f *folder) take() error {
	err := f.do("mkdir", func() error { return f.root.MkdirAll(manifest.Folder, 0o777) })
	if err == nil {
		err = f.do("lock", func() (err error) {
			f.lock, err = sqlite.LockFile(f.at(manifest.Folder, manifest.Lock))
			if errors.Is(err, sqlite.ErrLocked) {
				err = fmt.Errorf("%s: %w", f.path, err)
			}
			return err
		})
	}
	if err != nil {
		return errors.Join(err, f.close())
	}
	return nil
}

func (f *folder) exists() bool { return f.root != nil }

// at returns the path of a file in the folder.
func (f *folder) at(name ...string) string {
	return filepath.Join(append([]string{f.path}, name...)...)
}

// do makes every change.
func (f *folder) do(op string, change func() error) error {
	if f.die != nil {
		if err := f.die(op); err != nil {
			return err
		}
	}
	return f.explain(change())
}

// explain adds place and remedy to a system error, which names the file in the folder only.
func (f *folder) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case filesys.Busy(err):
		return fmt.Errorf("%s: %w: %w: close X-Plane, or the program that has the file open, and "+
			"run the same command again", f.path, err, ErrBusy)
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %w: %w: make it writable (on Windows, close X-Plane first), or give "+
			"the real package if this is a mount", f.path, err, ErrReadOnly)
	}
	return err
}

func (f *folder) rename(from, to string) error {
	return f.do("rename", func() error { return f.root.Rename(from, to) })
}

// remove removes a file, if it exists.
func (f *folder) remove(name string) error {
	return f.do("remove", func() error { return ignore(f.root.Remove(name), fs.ErrNotExist) })
}

func ignore(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}

// create writes a file durably.
func (f *folder) create(name string, write func(io.Writer) error) error {
	var out *os.File
	err := f.do("create", func() (err error) {
		out, err = f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
		return err
	})
	if err != nil {
		return err
	}
	if err = write(writer{f, out}); err == nil {
		err = f.do("sync", out.Sync)
	}
	return errors.Join(err, out.Close())
}

type writer struct {
	f   *folder
	out *os.File
}

func (w writer) Write(p []byte) (n int, err error) {
	err = w.f.do("write", func() (err error) {
		n, err = w.out.Write(p)
		w.f.wrote.Add(int64(n))
		return err
	})
	return n, err
}

// write replaces a file of the folder of manifests atomically.
func (f *folder) write(name string, data []byte) error {
	tmp := newName(name)
	err := f.do("mkdir", func() error { return f.root.MkdirAll(filepath.Dir(tmp), 0o777) })
	if err != nil {
		return err
	}
	err = f.create(tmp, func(out io.Writer) error {
		_, err := out.Write(data)
		return err
	})
	if err == nil {
		err = f.rename(tmp, filepath.Join(manifest.Folder, name))
	}
	if err == nil {
		err = f.sync(manifest.Folder)
	}
	return err
}

// sync makes the entries of a folder durable.
func (f *folder) sync(name string) error {
	return f.do("sync", func() error { return ignore(filesys.SyncDir(f.at(name)), fs.ErrNotExist) })
}

// link makes a file with the content of another, at source, without writing it again, and reports
// whether it could.
func (f *folder) link(source, name string) (bool, error) {
	err := f.do("clone", func() error { return ignore(f.root.Remove(name), fs.ErrNotExist) })
	if err != nil {
		return false, err
	}
	done := false
	err = f.do("link", func() error {
		done = clone(source, f.at(name)) == nil || os.Link(source, f.at(name)) == nil
		return nil
	})
	return done, err
}

// unchanged checks that the file of a step is still the one that was examined.
func (f *folder) unchanged(s step) error {
	now, err := f.lstat(s.name)
	if err == nil && s.cur.changedSince(now) {
		err = fmt.Errorf("%s: %w: run the same command again", f.at(s.name), ErrChanged)
	}
	return err
}

// names returns the .dds files of the folder by lower-case name: several if they differ only in
// case.
func (f *folder) names() (map[string][]string, error) {
	names := make(map[string][]string)
	if f.root == nil {
		return names, nil
	}
	dir, err := f.root.Open(".")
	if err != nil {
		return nil, err
	}
	list, err := dir.Readdirnames(-1)
	if err = errors.Join(err, dir.Close()); err != nil {
		return nil, err
	}
	for _, name := range list {
		if folded := strings.ToLower(name); strings.HasSuffix(folded, ".dds") {
			names[folded] = append(names[folded], name)
		}
	}
	return names, nil
}

// freeName returns name, or a similar unused one.
func (f *folder) freeName(name string) (string, error) {
	for i, free := 2, name; ; i, free = i+1, fmt.Sprintf("%s-%d", name, i) {
		if info, err := f.lstat(free); err != nil || info == nil {
			return free, err
		}
	}
}

func (f *folder) close() error {
	var errs []error
	if f.lock != nil {
		errs = append(errs, f.lock.Release())
		f.lock = nil
	}
	if f.root != nil {
		_ = f.root.Remove(manifest.Folder) // unless it is not empty
		errs = append(errs, f.root.Close())
		f.root = nil
	}
	return errors.Join(errs...)
}

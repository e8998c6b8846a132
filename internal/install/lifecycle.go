package install

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/install/manifest"
)

// make creates the textures folder of a package that has none, with the list of the intended
// result.
func (f *folder) make(next []byte) error {
	stage := filepath.Join(f.parent, staged)
	if err := f.discard(stage); err != nil {
		return err
	}
	if err := f.do("mkdir", func() error {
		return os.MkdirAll(filepath.Join(stage, manifest.Folder), 0o777)
	}); err != nil {
		return err
	}
	in := &folder{path: stage, die: f.die}
	var err error
	if in.root, err = os.OpenRoot(stage); err != nil {
		return err
	}
	err = errors.Join(in.write(manifest.Next, next), in.root.Close())
	f.wrote.Add(in.wrote.Load())
	if err != nil {
		return err
	}
	if err := f.do("rename", func() error { return os.Rename(stage, f.path) }); err != nil {
		return err
	}
	if f.root, err = os.OpenRoot(f.path); err != nil {
		return err
	}
	return f.take()
}

// prepare creates the folders that the work needs, without the remains of an earlier process.
func (f *folder) prepare() error {
	err := f.emptyNew()
	for _, name := range [...]string{manifest.New, manifest.Kept} {
		if err == nil {
			err = f.do("mkdir", func() error {
				return f.root.MkdirAll(filepath.Join(manifest.Folder, name), 0o777)
			})
		}
	}
	return err
}

func (f *folder) emptyNew() error {
	return f.do("remove", func() error {
		return f.root.RemoveAll(filepath.Join(manifest.Folder, manifest.New))
	})
}

// commit makes the intended result the installed one.
func (f *folder) commit() error {
	if err := f.emptyNew(); err != nil {
		return err
	}
	if err := f.removeEmpty(filepath.Join(manifest.Folder, manifest.Kept)); err != nil {
		return err
	}
	next := filepath.Join(manifest.Folder, manifest.Next)
	if info, err := f.lstat(next); err != nil || info == nil {
		return err // nothing new was begun
	}
	if err := f.rename(next, filepath.Join(manifest.Folder, manifest.Name)); err != nil {
		return err
	}
	return f.sync(manifest.Folder)
}

// removeEmpty removes a folder unless it has content.
func (f *folder) removeEmpty(name string) error {
	return f.do("remove", func() error {
		dir, err := f.root.Open(name)
		if err != nil {
			return ignore(err, fs.ErrNotExist)
		}
		list, err := dir.Readdirnames(1)
		if err := dir.Close(); err != nil || len(list) > 0 {
			return err
		}
		if len(list) == 0 {
			err = f.root.Remove(name)
		}
		return err
	})
}

// clear removes everything of xelpack from the package, once nothing is installed. made means that
// the textures folder is removed as well, if it is empty.
func (f *folder) clear(made bool) error {
	stage := filepath.Join(f.parent, staged)
	if f.exists() {
		list, err := fs.ReadDir(f.root.FS(), ".")
		if err != nil {
			return err
		}
		if made && len(list) == 1 && list[0].Name() == manifest.Folder {
			if err := f.close(); err != nil { // Windows cannot rename open files
				return err
			}
			if err := f.do("rename", func() error { return os.Rename(f.path, stage) }); err != nil {
				return err
			}
		} else if err := f.empty(); err != nil {
			return err
		}
	}
	return f.discard(stage)
}

// empty removes xelpack's files, first the list of what is installed.
func (f *folder) empty() error {
	for _, name := range [...]string{manifest.Name, manifest.Next} {
		if err := f.remove(filepath.Join(manifest.Folder, name)); err != nil {
			return err
		}
	}
	if err := f.emptyNew(); err != nil {
		return err
	}
	return f.removeEmpty(filepath.Join(manifest.Folder, manifest.Kept))
}

// discard removes a staged textures folder that an earlier process left, unless it has other files.
func (f *folder) discard(stage string) error {
	root, err := os.OpenRoot(stage)
	if err != nil {
		return ignore(err, fs.ErrNotExist)
	}
	in := &folder{path: stage, root: root, die: f.die}
	err = in.empty()
	if err == nil {
		err = in.remove(filepath.Join(manifest.Folder, manifest.Lock))
	}
	if err == nil {
		err = in.remove(manifest.Folder)
	}
	if err = errors.Join(err, root.Close()); err != nil {
		return err
	}
	return f.do("remove", func() error { return os.Remove(stage) })
}

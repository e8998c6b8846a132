package install

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/install/manifest"
)

// make makes the textures folder of a package that has none, with what is to be in it.
func (f *folder) make(next []byte) error {
	stage := filepath.Join(f.parent, staged)
	if err := f.discard(stage); err != nil {
		return err
	}
	if err := f.do("mkdir", func() error { return os.MkdirAll(filepath.Join(stage, manifest.Folder), 0o777) }); err != nil {
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

// prepare makes the folders that the work needs, without what a process that ended has left.
func (f *folder) prepare() error {
	err := f.emptyNew()
	for _, name := range [...]string{manifest.New, manifest.Kept} {
		if err == nil {
			err = f.do("mkdir", func() error { return f.root.MkdirAll(filepath.Join(manifest.Folder, name), 0o777) })
		}
	}
	return err
}

func (f *folder) emptyNew() error {
	return f.do("remove", func() error { return f.root.RemoveAll(filepath.Join(manifest.Folder, manifest.New)) })
}

// commit makes what was begun what is installed.
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

// removeEmpty leaves a folder that holds something.
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

// clear takes all that is ours out of the package, now that nothing is installed. made says that
// the textures folder goes as well, if there is nothing else in it.
func (f *folder) clear(made bool) error {
	stage := filepath.Join(f.parent, staged)
	if f.exists() {
		list, err := fs.ReadDir(f.root.FS(), ".")
		if err != nil {
			return err
		}
		if made && len(list) == 1 && list[0].Name() == manifest.Folder {
			if err := f.close(); err != nil { // Windows renames nothing that is open
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

// empty removes what is ours, what says what is installed first of all.
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

// discard removes a staged textures folder that a process has left. What is not ours in it keeps it
// there.
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

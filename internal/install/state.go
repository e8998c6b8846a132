package install

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/xelpack/xelpack/internal/install/manifest"
)

// state is the record of installations in a package.
type state struct {
	installed *manifest.Manifest // nil: nothing
	begun     *manifest.Manifest // begun but not finished; nil: nothing
}

func (f *folder) readState() (s state, err error) {
	for name, m := range map[string]**manifest.Manifest{manifest.Name: &s.installed,
		manifest.Next: &s.begun} {
		read, err := manifest.Open(filepath.Join(f.path, manifest.Folder, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return s, err
		}
		*m = &read
	}
	if !s.nothing() {
		return s, nil
	}
	// Without the list, what is installed would be taken for the package's own, and its own removed.
	kept, err := os.ReadDir(filepath.Join(f.path, manifest.Folder, manifest.Kept))
	if len(kept) > 0 {
		return s, fmt.Errorf("%w: %s is missing, but files of the package are set aside",
			manifest.ErrDamaged, filepath.Join(f.path, manifest.Folder, manifest.Name))
	}
	return s, ignore(err, fs.ErrNotExist)
}

// nothing reports whether nothing is or was installed.
func (s state) nothing() bool { return s.installed == nil && s.begun == nil }

func (s state) made() bool {
	return s.installed != nil && s.installed.Made || s.begun != nil && s.begun.Made
}

// current returns what the package has, or is about to have.
func (s state) current() manifest.Manifest {
	switch {
	case s.begun != nil && len(s.begun.Files) > 0:
		return *s.begun
	case s.installed != nil:
		return *s.installed
	}
	return manifest.Manifest{}
}

// from lists everything that may be in the package.
func (s state) from() manifest.Manifest {
	switch {
	case s.installed == nil && s.begun == nil:
		return manifest.Manifest{}
	case s.installed == nil:
		return *s.begun
	case s.begun == nil:
		return *s.installed
	}
	all := *s.installed
	all.Files = slices.Clone(all.Files)
	at := make(map[string]int)
	for i, f := range all.Files {
		at[f.Name] = i
	}
	for _, f := range s.begun.Files {
		i, both := at[f.Name]
		if !both {
			all.Files = append(all.Files, f)
			continue
		}
		was := &all.Files[i]
		was.Also = slices.Clone(was.Also)
		for _, c := range append([]manifest.Content{f.Content}, f.Also...) {
			if c != was.Content && !slices.Contains(was.Also, c) {
				was.Also = append(was.Also, c)
			}
		}
	}
	return all
}

// declare records the intended result before anything is changed. A process that ends then leaves
// everything needed to continue or go back.
func (w *work) declare() error {
	next, err := w.to.Encode()
	if err != nil {
		return err
	}
	same := func(m *manifest.Manifest) bool {
		if m == nil {
			return false
		}
		was, err := m.Encode()
		return err == nil && bytes.Equal(was, next)
	}
	if same(w.begun) || w.begun == nil && same(w.installed) {
		return nil // it is continued, or repaired
	}
	if w.begun != nil { // something else was begun: its remains must not be forgotten
		all, err := w.from().Encode()
		if err != nil {
			return err
		}
		if err := w.folder.write(manifest.Name, all); err != nil {
			return err
		}
	}
	if !w.folder.exists() {
		return w.folder.make(next)
	}
	return w.folder.write(manifest.Next, next)
}

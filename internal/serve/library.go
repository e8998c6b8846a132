package serve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/xelpack/xelpack/internal/opener"
	"github.com/xelpack/xelpack/internal/remote"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount"
)

// library is the archives of a mount: its arguments are files and folders of archives, and are read
// again on SIGHUP. Archives stay open until close, even if they are replaced: files of them may be
// open.
type library struct {
	args   []string // absolute paths, and addresses
	opener opener.Opener
	looked bool     // they are shown in a look: none may be baked into them
	shelf  []volume // archives in order
	opened []*mbtiles.Archive
}

// volume is an archive with the state of its file when it was opened.
type volume struct {
	path    string // or address
	state   fileState
	archive *mbtiles.Archive
}

// fileState identifies a file, to notice its replacement.
type fileState struct{ os.FileInfo }

func (s fileState) same(o fileState) bool {
	return os.SameFile(s.FileInfo, o.FileInfo) && s.Size() == o.Size() &&
		s.ModTime().Equal(o.ModTime())
}

func stateOf(path string) (fileState, error) {
	info, err := os.Stat(path)
	return fileState{info}, err
}

// openLibrary opens all archives that args name. The caller must close it.
func openLibrary(ctx context.Context, args []string, looked bool, note func(string)) (*library, error) {
	l := &library{opener: opener.Opener{Note: note, Stale: true}, looked: looked}
	for _, arg := range args {
		if remote.IsURL(arg) {
			l.args = append(l.args, arg)
			continue
		}
		path, err := filepath.Abs(arg)
		if err != nil {
			return nil, err
		}
		l.args = append(l.args, path)
	}
	paths, err := l.paths(note)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		v, err := l.open(ctx, path)
		// in a folder; it may hold patches too
		if errors.Is(err, mbtiles.ErrIsPatch) && !slices.Contains(l.args, path) {
			note(fmt.Sprintf("%v; skipped", err))
			continue
		}
		if err != nil {
			return nil, errors.Join(err, l.close())
		}
		l.shelf = append(l.shelf, v)
	}
	return l, nil
}

// Files returns the files that the arguments of a mount stand for.
func Files(args []string, note func(string)) ([]string, error) {
	return (&library{args: args}).paths(note)
}

// paths returns the files that the arguments stand for now. A folder stands for the archives in it,
// by name.
func (l *library) paths(note func(string)) ([]string, error) {
	var paths []string
	for _, arg := range l.args {
		info, err := os.Stat(arg)
		if err != nil || !info.IsDir() {
			paths = append(paths, arg) // opening it gives a better error
			continue
		}
		entries, err := os.ReadDir(arg)
		if err != nil {
			return nil, err
		}
		found := len(paths)
		for _, e := range entries {
			if filepath.Ext(e.Name()) == ".mbtiles" {
				paths = append(paths, filepath.Join(arg, e.Name()))
			}
		}
		if len(paths) == found {
			note(fmt.Sprintf("%s: no archive (*.mbtiles) yet; SIGHUP checks again", arg))
		}
	}
	return paths, nil
}

func (l *library) open(ctx context.Context, path string) (volume, error) {
	state, errState := stateOf(path)
	a, err := l.opener.Open(ctx, path, mbtiles.ReaderOptions{}) // which gives the best error
	if err != nil {
		return volume{}, err
	}
	if remote.IsURL(path) {
		errState = nil
	}
	if l.looked {
		errState = errors.Join(errState, a.Unbaked(ctx))
	}
	if err := errors.Join(errState, a.NoPatch()); err != nil {
		return volume{}, errors.Join(err, a.Close())
	}
	l.opened = append(l.opened, a)
	return volume{path, state, a}, nil
}

// refresh opens new and replaced archives. Archives that are gone or cannot be opened are reported,
// and the old ones keep serving.
func (l *library) refresh(ctx context.Context, note func(string)) {
	paths, err := l.paths(note)
	if err != nil {
		note(words.Sprintf("the archives are unchanged: %v", err))
		return
	}
	var shelf []volume
	for _, path := range paths {
		i := slices.IndexFunc(l.shelf, func(v volume) bool { return v.path == path })
		state, err := stateOf(path)
		if remote.IsURL(path) && i >= 0 || err == nil && i >= 0 && l.shelf[i].state.same(state) {
			shelf = append(shelf, l.shelf[i])
			continue
		}
		v, err := l.open(ctx, path)
		switch {
		case err == nil:
			shelf = append(shelf, v)
		case i >= 0:
			note(words.Sprintf("%v; the previous archive is still served", err))
			shelf = append(shelf, l.shelf[i])
		default:
			note(words.Sprintf("%v; skipped", err))
		}
	}
	for _, old := range l.shelf {
		if !slices.ContainsFunc(shelf, func(v volume) bool { return v.path == old.path }) {
			note(fmt.Sprintf("%s is gone; it is still served until the mount ends",
				remote.Shown(old.path)))
			shelf = append(shelf, old)
		}
	}
	l.shelf = shelf
}

// noteBaked says which archives live textures will not look like.
func (l *library) noteBaked(ctx context.Context, note func(string)) error {
	for _, v := range l.shelf {
		switch baked, err := v.archive.Look(ctx); {
		case err != nil:
			return err
		case baked != "":
			note(fmt.Sprintf("%s: its textures have a look, %s; those made live do not",
				remote.Shown(v.path), baked))
		}
	}
	return nil
}

// archives returns the archives to be served, in order.
func (l *library) archives() []mount.Archive {
	list := make([]mount.Archive, len(l.shelf))
	for i, v := range l.shelf {
		list[i] = v.archive
	}
	return list
}

// files returns the paths of the archives, and the addresses as they may be shown.
func (l *library) files() []string {
	list := make([]string, len(l.shelf))
	for i, v := range l.shelf {
		list[i] = remote.Shown(v.path)
	}
	return list
}

func (l *library) close() error {
	var errs []error
	for _, a := range l.opened {
		errs = append(errs, a.Close())
	}
	l.opener.Close()
	return errors.Join(errs...)
}

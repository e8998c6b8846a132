package install

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/xelpack/xelpack/internal/install/manifest"
)

// recover rebuilds the list of what is installed from an archive that was installed and the files
// set aside. Extra entries do no harm.
func (w *work) recover(ctx context.Context) (state, error) {
	f := w.folder
	kept, err := fs.ReadDir(f.root.FS(),
		filepath.ToSlash(filepath.Join(manifest.Folder, manifest.Kept)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return state{}, f.explain(err)
	}
	var ask []question
	for _, e := range kept {
		ask = append(ask, question{name: filepath.Join(manifest.Folder, manifest.Kept, e.Name())})
	}
	found, err := f.look(ctx, w.o, ask)
	if err != nil {
		return state{}, err
	}
	had := make(map[string]manifest.Content)
	for _, q := range ask {
		had[filepath.Base(q.name)] = found[q.name].content
	}
	there, err := f.names()
	if err != nil {
		return state{}, err
	}
	var m manifest.Manifest
	add := func(name string, c manifest.Content) {
		file := manifest.File{Name: name, Content: c}
		if before, ok := had[name]; ok {
			file.Before = &before
			delete(had, name)
		}
		m.Files = append(m.Files, file)
	}
	for e := range w.o.Known.All() {
		r, err := w.o.Known.Record(ctx, e)
		if err != nil {
			return state{}, err
		}
		for _, name := range there[strings.ToLower(e.Texture.File())] {
			add(name, manifest.Content{Size: e.Layout.Size(),
				SHA256: hex.EncodeToString(r.SHA256[:])})
		}
	}
	for name := range had {
		add(name, manifest.Content{})
	}
	return state{installed: &m}, nil
}

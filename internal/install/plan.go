package install

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/install/manifest"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// step is what is done about one name, in this order.
type step struct {
	name string
	cur  seen
	ours bool // the existing file was installed

	aside   bool              // the existing file is the package's own, and is set aside
	put     *manifest.Content // is written, replacing the existing file
	remove  bool
	restore bool // the file set aside comes back, replacing the existing file
	rescue  bool // the file set aside comes back beside the existing file
	spare   bool // the file set aside exists already, and is removed
}

// before is the suffix of the package's own file if its name is taken by another file.
const before = ".before-xelpack"

// list makes the list of textures to be installed, under the names that X-Plane will open: as the
// package spells them.
func (w *work) list(ctx context.Context) error {
	there, err := w.folder.names()
	if err != nil {
		return err
	}
	was := make(map[string]manifest.File)
	for _, f := range w.from().Files {
		was[strings.ToLower(f.Name)] = f
	}
	w.entries = make(map[string]mbtiles.Entry)
	taken := make(map[string]string)
	var unknown []question
	for e := range w.archive.All() {
		r, err := w.archive.Record(ctx, e)
		if err != nil {
			return err
		}
		name := e.Texture.File()
		if w.o.Name != nil {
			if spelled, ok := w.o.Name(e.Texture.Key()); ok {
				name = spelled
			}
		}
		folded := strings.ToLower(name)
		if twin, twice := taken[folded]; twice {
			return fmt.Errorf("%s and %s are the same file where case is ignored (nothing was "+
				"changed): remove one of them from the archive", twin, name)
		}
		taken[folded] = name
		f := manifest.File{Content: manifest.Content{Size: e.Layout.Size(),
			SHA256: hex.EncodeToString(r.SHA256[:])}}
		old, known := was[folded]
		switch spelled := there[folded]; {
		case known:
			name, f.Before = old.Name, old.Before
		case len(spelled) > 0 && !slices.Contains(spelled, name):
			name = spelled[0]
		}
		if err := filesys.CheckPath(name); err != nil {
			return fmt.Errorf("a texture, as the terrain spells it (nothing was changed): %w", err)
		}
		f.Name = name
		if !known {
			unknown = append(unknown, question{name: name})
		}
		w.to.Files = append(w.to.Files, f)
		w.entries[name] = e
	}
	found, err := w.folder.look(ctx, w.o, unknown)
	if err != nil {
		return err
	}
	for i := range w.to.Files {
		if s := found[w.to.Files[i].Name]; s.there() {
			w.to.Files[i].Before = &s.content
		}
	}
	return nil
}

// plan compares the package with the intended result.
func (w *work) plan(ctx context.Context) error {
	from, to := byName(w.from()), byName(w.to)
	names := maps.Clone(from)
	maps.Copy(names, to)
	var ask []question
	for _, name := range slices.Sorted(maps.Keys(names)) {
		ask = append(ask, question{name, contents(from[name], to[name])})
	}
	found, err := w.folder.look(ctx, w.o, ask)
	if err != nil {
		return err
	}
	for _, q := range ask {
		kept, err := w.folder.lstat(filepath.Join(manifest.Folder, manifest.Kept, q.name))
		if err != nil {
			return err
		}
		w.decide(q.name, from[q.name], to[q.name], found[q.name], kept != nil)
	}
	return nil
}

func byName(m manifest.Manifest) map[string]*manifest.File {
	files := make(map[string]*manifest.File, len(m.Files))
	for i := range m.Files {
		files[m.Files[i].Name] = &m.Files[i]
	}
	return files
}

// contents returns all known or intended contents of a name.
func contents(files ...*manifest.File) (all []manifest.Content) {
	for _, f := range files {
		if f == nil {
			continue
		}
		all = append(append(all, f.Content), f.Also...)
		if f.Before != nil {
			all = append(all, *f.Before)
		}
	}
	return all
}

// decide adds the step for a name. from or to may be nil: the name is only in the old or only in
// the new list. kept means that a file was set aside under the name.
func (w *work) decide(name string, from, to *manifest.File, cur seen, kept bool) {
	s := step{name: name, cur: cur}
	var base *manifest.Content
	if f := cmp.Or(to, from); f.Before != nil {
		base = f.Before
	}
	isBase := base != nil && cur.is(*base)
	isOurs := !cur.there() || !isBase && slices.Contains(contents(from, to), cur.content)
	s.ours = cur.there() && isOurs && !isBase
	switch {
	case to != nil && cur.is(to.Content):
		w.report.Installed++
	case to != nil && (isBase || isOurs):
		w.report.Installed++
		if s.restore = kept && base != nil && *base == to.Content; s.restore {
			w.report.Restored++
			break
		}
		s.put = &to.Content
		if s.aside = isBase; s.aside {
			w.report.SetAside++
		}
	case to != nil:
		w.left(name,
			"it was changed after it was installed: remove it to get the archive's instead")
	case isBase:
		s.spare = kept
	case isOurs && kept:
		s.restore = true
		w.report.Restored++
	case isOurs:
		if s.remove = s.ours; s.remove && base != nil {
			w.report.Notes = append(w.report.Notes,
				fmt.Sprintf("%s: the package's own file is missing in %s", name,
					w.folder.at(manifest.Folder, manifest.Kept)))
		}
	default:
		why := "it was changed after it was installed"
		if s.rescue = kept; kept {
			why += "; the package's own file is beside it as " + name + before
		}
		w.left(name, why)
	}
	if to == nil && s.ours {
		w.report.Removed++
	}
	w.steps = append(w.steps, s)
}

func (w *work) left(name, why string) { w.report.Left = append(w.report.Left, Left{name, why}) }

// room checks the disk and its file system before anything is changed.
func (w *work) room() error {
	dir := w.folder.path
	if !w.folder.exists() {
		dir = w.folder.parent
	}
	disk, err := w.o.disk(dir)
	if err != nil {
		return err
	}
	links := !w.o.Copies && disk.Kind != "exfat" && disk.MaxFile == 0 // FAT has no links
	need, largest := int64(0), int64(0)
	counted := make(map[string]bool)
	for _, s := range w.steps {
		if s.remove || s.put != nil && !s.aside && s.cur.there() {
			need -= s.cur.info.Size()
		}
		if s.put == nil {
			continue
		}
		largest = max(largest, s.put.Size)
		if w.o.DryRun {
			w.count(links && counted[s.put.SHA256])
		}
		if !links || !counted[s.put.SHA256] {
			need += s.put.Size
			if w.o.DryRun {
				w.report.WrittenBytes += s.put.Size
			}
		}
		counted[s.put.SHA256] = true
	}
	if disk.MaxFile > 0 && largest > disk.MaxFile {
		return fmt.Errorf("%s: a file of %s is too large for its file system (%s): use a package "+
			"on another disk", dir, units.Bytes(largest), disk.Kind)
	}
	if disk.Network {
		w.note("the package is on a network drive (%s): X-Plane reads from it slowly, and may "+
			"freeze", disk.Kind)
	}
	if disk.Cloud != "" {
		w.note("the package is in a folder of %s, which will upload every texture: exclude it "+
			"there, or move X-Plane elsewhere", disk.Cloud)
	}
	if need > 0 {
		need += int64(w.o.Workers) * largest // new files are written before old ones are removed
	}
	if need > disk.Free {
		return fmt.Errorf("%w: the textures need about %s, but %s has %s (nothing was changed)",
			ErrRoom, units.Bytes(need), dir, units.Bytes(disk.Free))
	}
	return nil
}

func (w *work) note(format string, args ...any) {
	w.report.Notes = append(w.report.Notes, fmt.Sprintf(format, args...))
}

// count counts a texture that was put in place.
func (w *work) count(linked bool) {
	if linked {
		w.report.Linked++
		return
	}
	w.report.Written++
}

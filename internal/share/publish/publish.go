// Package publish describes a folder of archives for others: a catalogue and a page, beside the
// archives, that any web server can serve.
//
//	folder, err := publish.Read(ctx, publish.Options{Dir: dir})
//	err = folder.Write()
//
// The same archives give the same bytes. Nothing but the two files is written.
package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/internal/share/catalogue"
	"github.com/xelpack/xelpack/internal/signing"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Errors of Read.
var (
	// ErrTerms means that an archive may not be passed on.
	ErrTerms = errors.New("may not be passed on")
	// ErrNoArchives means that there is nothing to publish.
	ErrNoArchives = errors.New("no archive to publish")
)

// Options say what is published, and how.
type Options struct {
	Dir      string
	Title    string             // default: the folder's name
	Private  bool               // for one's own house: also what may not be passed on
	Mirrors  []string           // addresses of folders that have the same files
	Tolerant bool               // leave out archives that cannot be read
	Only     func(string) bool  // the names that count; nil: all
	Key      *signing.SecretKey // signs every archive; nil: those that are signed stay so
	// told of each file that is left out, and why; nil: not called
	Note func(string)
}

// Folder is what a folder offers.
type Folder struct {
	Catalogue catalogue.Catalogue
	dir       string
	shown     []shown
}

// shown is what the page shows of an archive besides its entry.
type shown struct {
	squares catalogue.Squares
	box     tiles.Box
	preview []byte // JPEG
}

// Read reads the archives of a folder. If there are none it returns an empty Folder with
// ErrNoArchives. It fails with ErrTerms if one of them may not be passed on:
// a web server would give out whatever is in its folder.
func Read(ctx context.Context, o Options) (*Folder, error) {
	mirrors, err := o.mirrors()
	if err != nil {
		return nil, err
	}
	names, err := names(o.Dir)
	if err != nil {
		return nil, err
	}
	f := &Folder{dir: o.Dir, Catalogue: catalogue.Catalogue{Version: catalogue.Version,
		Title: o.Title, Private: o.Private, Archives: []catalogue.Archive{}}}
	if f.Catalogue.Title == "" {
		if f.Catalogue.Title, err = title(o.Dir); err != nil {
			return nil, err
		}
	}
	before := o.before()
	var refused []error
	for _, name := range names {
		if o.Only != nil && !o.Only(name) {
			continue
		}
		entry, shown, err := describe(ctx, o, name, before[name])
		switch {
		case errors.Is(err, mbtiles.ErrNotArchive), errors.Is(err, mbtiles.ErrIsPatch),
			errors.Is(err, errEmpty), err != nil && o.Tolerant && ctx.Err() == nil:
			if o.Note != nil {
				o.Note(words.Sprintf("left out: %v", err))
			}
			continue
		case err != nil:
			return nil, err
		}
		if !o.Private && !entry.Terms.MayPassOn() {
			refused = append(refused, refusal(entry))
			continue
		}
		for _, base := range mirrors {
			entry.Mirrors = append(entry.Mirrors, base.JoinPath(name).String())
		}
		f.Catalogue.Archives = append(f.Catalogue.Archives, entry)
		f.shown = append(f.shown, shown)
	}
	if len(refused) > 0 {
		return nil, errors.Join(refused...)
	}
	if len(f.shown) == 0 {
		return f, fmt.Errorf("%s: %w", o.Dir, ErrNoArchives)
	}
	text, err := f.Catalogue.Text()
	if err != nil {
		return nil, err
	}
	if _, err := catalogue.Parse(text); err != nil { // others must be able to read it
		return nil, err
	}
	return f, nil
}

// title returns the name of the folder.
func title(dir string) (string, error) {
	path, err := filepath.Abs(dir)
	return filepath.Base(path), err
}

// names returns the names of the files that may be archives, in order.
func names(dir string) ([]string, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s: not a folder: name the one that has the archives", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if catalogue.CheckName(name) == nil && !e.IsDir() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// errEmpty is an archive without textures.
var errEmpty = errors.New("it has no textures")

// describe reads what is told of an archive.
func describe(ctx context.Context, o Options, name string, before []string) (_ catalogue.Archive,
	_ shown, err error) {
	fail := func(err error) (catalogue.Archive, shown, error) {
		return catalogue.Archive{}, shown{}, fmt.Errorf("%s: %w", name, err)
	}
	a, err := mbtiles.Open(ctx, filepath.Join(o.Dir, name))
	if err != nil {
		return catalogue.Archive{}, shown{}, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.NoPatch(); err != nil {
		return catalogue.Archive{}, shown{}, err
	}
	info, err := a.Info(ctx)
	if err != nil {
		return fail(err)
	}
	if a.Len() == 0 {
		return fail(errEmpty)
	}
	if digest, err := a.Digest(ctx); err != nil || digest != info.Digest {
		return fail(errors.Join(err, mbtiles.ErrCorrupt))
	}
	squares := catalogue.SquaresOf(func(yield func(tiles.Texture) bool) {
		for e := range a.All() {
			if !yield(e.Texture) {
				return
			}
		}
	})
	entry := catalogue.Archive{
		File: name, Bytes: info.FileBytes, Format: a.Format(), Digest: info.Digest, Root: a.Root(),
		Textures: info.Textures,
		Holes:    info.Holes, ByZL: named(info.ByZL), ByDetail: named(info.ByDetail),
		Maptypes: maptypes(a), Area: squares.Area(), Terms: info.Terms, Sources: info.Sources,
		Attribution: info.Sources.Lines("\n", func(s terms.Source) string {
			return s.Credit() + s.Taken()
		}),
		Captured: captured(info.Sources),
	}
	if entry.Signatures, err = o.signatures(ctx, a, before); err != nil {
		return catalogue.Archive{}, shown{}, err
	}
	drawn := shown{squares: squares, box: planmap.Around(entry.Boxes())}
	drawn.preview, err = preview(ctx, a)
	if err != nil {
		return fail(err)
	}
	return entry, drawn, nil
}

// named returns counts by the text of their numbers.
func named(counts map[int]int) map[string]int {
	m := make(map[string]int, len(counts))
	for n, count := range counts {
		m[fmt.Sprint(n)] = count
	}
	return m
}

func maptypes(a *mbtiles.Archive) []string {
	seen := map[string]bool{}
	list := []string{}
	for e := range a.All() {
		if m := e.Texture.Maptype; !seen[m] {
			seen[m] = true
			list = append(list, m)
		}
	}
	slices.Sort(list)
	return list
}

// captured returns the days on which the pictures were taken, if any source tells.
func captured(sources terms.Sources) *terms.Days {
	var days terms.Days
	for _, s := range sources {
		if s.Captured != nil {
			days = days.And(*s.Captured)
		}
	}
	if days == (terms.Days{}) {
		return nil
	}
	return &days
}

// refusal says why an archive is not published.
func refusal(a catalogue.Archive) error {
	var why []string
	for _, s := range a.Sources {
		if !s.Terms.MayPassOn() {
			source := s.ID
			if s.Licence != "" {
				source += " (" + s.Licence + ")"
			}
			why = append(why, source+": passing on: "+s.Terms.Words())
		}
	}
	if len(why) == 0 {
		why = []string{"nothing says that its imagery may be"}
	}
	return fmt.Errorf("%s %w: %s", a.File, ErrTerms, strings.Join(why, "; "))
}

// Write writes the two files into the folder.
func (f *Folder) Write() (err error) {
	text, page, err := f.Files()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for _, file := range [...]struct {
		name string
		text []byte
	}{{catalogue.File, text}, {catalogue.Page, page}} {
		err := safefile.WriteInto(root, file.name, func(w io.Writer) error {
			_, err := w.Write(file.text)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Report is the result of publishing. Scripts rely on its JSON.
type Report struct {
	Catalogue string `json:"catalogue"`
	Page      string `json:"page"`
	Archives  int    `json:"archives"`
	Bytes     int64  `json:"bytes"`
}

// Report describes what Write writes.
func (f *Folder) Report() Report {
	r := Report{filepath.Join(f.dir, catalogue.File), filepath.Join(f.dir, catalogue.Page),
		len(f.Catalogue.Archives), 0}
	for _, a := range f.Catalogue.Archives {
		r.Bytes += a.Bytes
	}
	return r
}

// Package seal proves before take-off that a flight needs no network: every texture that X-Plane
// will ask for is packed or a real file, whole, and undamaged, and the mount answers the flight's
// first load in time.
//
//	report, err := seal.Run(ctx, seal.Options{Options: planned, Archives: files})
//	if !report.Sealed { … report.Lacks, report.Remedies … }
//
// Nothing is changed, except for a trial mount in a temporary folder, which is removed.
package seal

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/xelpack/xelpack/internal/doctor"
	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/replay"
	"github.com/xelpack/xelpack/internal/serve"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options say which flight is to be sealed, and with what.
type Options struct {
	plan.Options
	Archives  []string // files, and folders of them
	Installed bool     // the archives' textures are files in the packages: see package install

	// Asked reports whether the option of that name was asked for. Others are those of the build;
	// nil: none was.
	Asked func(name string) bool
	// Meter shows the progress of a step in bytes; nil: it is not shown.
	Meter func(what string) (set func(done, total int64), end func())
}

// ErrUnsealed is the error of a command that has found something lacking, and has said what.
var ErrUnsealed = errors.New("not sealed")

// Kind is what is wrong, in a word.
type Kind string

// The kinds of what may lack.
const (
	Missing    Kind = "missing"    // a texture that is neither packed nor a real file
	Hole       Kind = "hole"       // a packed texture with failed chunks
	Coarse     Kind = "coarse"     // a packed texture with less detail than the flight shows
	Damaged    Kind = "damaged"    // bytes that are not what was packed
	Unfinished Kind = "unfinished" // an archive whose build has not ended
	Uncovered  Kind = "uncovered"  // a package of which nothing is packed
	Slow       Kind = "slow"       // the first load did not go as it must
	Machine    Kind = "machine"    // memory or disk
)

// Lack is one thing that the flight lacks.
type Lack struct {
	Kind    Kind   `json:"kind"`
	Texture string `json:"texture,omitempty"` // its file
	Place   string `json:"place,omitempty"`   // the archive or the package
	What    string `json:"what"`
}

// Package is what the flight needs of one scenery package.
type Package struct {
	Dir      string `json:"dir"`
	Textures int    `json:"textures"` // that X-Plane will ask for
	Ready    int    `json:"ready"`    // packed, or real files
}

// Report is the result. Scripts rely on its JSON.
type Report struct {
	Sealed   bool      `json:"sealed"`
	Textures int       `json:"textures"` // that X-Plane will ask for
	Packed   int       `json:"packed"`   // of them, whole and in the detail that is needed
	Real     int       `json:"real"`     // of them, files of the packages
	Checked  int       `json:"checked"`  // textures whose bytes were compared with their hash
	Packages []Package `json:"packages"`
	Lacks    []Lack    `json:"lacks"`    // in the order of the flight
	Remedies []string  `json:"remedies"` // commands that close them
	Notes    []string  `json:"notes"`

	FirstLoad   *replay.Report `json:"first_load"`              // nil: not tried; a note says why
	FirstLoadOf int            `json:"first_load_of,omitempty"` // textures that X-Plane loads first
}

// run is one seal.
type run struct {
	Options
	report   Report
	files    []string
	archives []*mbtiles.Archive // opened ones, in the order of files
	held     map[tiles.Key]held
	flight   *plan.Plan
	unnamed  string        // the archives' provider, if it cannot be looked up
	within   time.Duration // the first load must be answered
}

// held is a texture in the first archive that has it, which is what the mount shows.
type held struct {
	mbtiles.Record
	file string
}

// Run checks everything, and returns what lacks in the report. The error is for what could not be
// checked.
func Run(ctx context.Context, o Options) (Report, error) {
	if o.Note == nil {
		o.Note = func(string) {}
	}
	if o.Asked == nil {
		o.Asked = func(string) bool { return false }
	}
	if o.Meter == nil {
		o.Meter = func(string) (func(int64, int64), func()) { return func(int64, int64) {}, func() {} }
	}
	r := &run{Options: o, held: make(map[tiles.Key]held),
		report: Report{Packages: []Package{}, Lacks: []Lack{}, Remedies: []string{}, Notes: []string{}}}
	defer r.close()
	for _, step := range []func(context.Context) error{
		r.open, r.settle, r.flown, r.coverage, r.bytes, r.firstLoad, r.machine,
	} {
		if err := step(ctx); err != nil {
			return Report{}, err
		}
	}
	r.report.Sealed = len(r.report.Lacks) == 0
	r.remedies()
	return r.report, nil
}

func (r *run) close() {
	for _, a := range r.archives {
		_ = a.Close() // they were only read
	}
}

func (r *run) lacks(kind Kind, texture, place, what string) {
	r.report.Lacks = append(r.report.Lacks, Lack{kind, texture, place, what})
}

func (r *run) note(text string) {
	r.report.Notes = append(r.report.Notes, text)
	r.Note(text)
}

// open opens the archives and reads what they hold.
func (r *run) open(ctx context.Context) (err error) {
	if r.files, err = serve.Files(r.Archives, r.note); err != nil {
		return err
	}
	for _, file := range r.files {
		a, err := mbtiles.Open(ctx, file)
		if errors.Is(err, mbtiles.ErrCorrupt) {
			continue // bytes says so
		}
		if err != nil {
			return err
		}
		r.archives = append(r.archives, a)
		if err := a.NoPatch(); err != nil {
			return err
		}
		if !a.Complete() {
			r.lacks(Unfinished, "", file, "its build has not ended")
		}
		err = a.Records(ctx, func(rec mbtiles.Record) error {
			if _, ok := r.held[rec.Key()]; !ok {
				r.held[rec.Key()] = held{rec, file}
			}
			return nil
		})
		if err != nil && !errors.Is(err, mbtiles.ErrCorrupt) {
			return err
		}
	}
	return nil
}

// settle completes the options by what the archives were built with, unless something else was
// asked for.
func (r *run) settle(ctx context.Context) error {
	for _, a := range r.archives {
		info, err := a.Info(ctx)
		if err != nil {
			return err
		}
		if s := plan.PurposeOf(info).Settings; s != nil {
			s.Apply(&r.Selection, r.Asked)
			break
		}
	}
	providers, maptypes, zooms := tally[string]{}, tally[string]{}, tally[tiles.ZL]{}
	for _, h := range r.held {
		providers[h.Provider]++
		maptypes[h.Maptype]++
		zooms[h.ZL]++
	}
	if r.Imagery.Provider == imagery.Auto && len(providers) > 0 {
		asked := r.Imagery
		asked.Provider = providers.most()
		if _, err := asked.Lookup(nil, func(string) {}); err == nil {
			r.Imagery = asked
		} else { // a template or a file, which cannot be known by its name
			r.unnamed = asked.Provider
		}
	}
	if len(r.Scenery) == 0 && len(r.held) > 0 {
		if r.Maptype == "" {
			r.Maptype = maptypes.most()
		}
		if len(zooms) == 1 && !r.Asked("zoom") {
			r.Zoom = uint8(zooms.most())
		}
	}
	return nil
}

// tally counts.
type tally[T comparable] map[T]int

func (t tally[T]) most() (most T) {
	n := 0
	for k, count := range t {
		if count > n {
			most, n = k, count
		}
	}
	return most
}

// flown selects what X-Plane will ask for.
func (r *run) flown(ctx context.Context) (err error) {
	o := r.Options.Options
	o.Note = r.note
	r.flight, err = plan.Select(ctx, o)
	return err
}

// coverage looks each texture of the flight up in the archives.
func (r *run) coverage(context.Context) error {
	p := r.flight
	r.report.Real, r.report.Textures = p.Real, p.Real+len(p.Items)
	of := make([]Package, len(p.Opened))
	for i, s := range p.Opened {
		of[i].Dir = s.Dir()
	}
	for _, k := range p.OnDisk {
		each(p.Opened, k, func(i int) { of[i].Textures, of[i].Ready = of[i].Textures+1, of[i].Ready+1 })
	}
	for _, it := range p.Items {
		lack, ready := r.lackOf(it)
		place := lack.Place
		each(p.Opened, it.Key(), func(i int) {
			of[i].Textures++
			if ready {
				of[i].Ready++
			} else if place == "" {
				place = of[i].Dir
			}
		})
		if ready {
			r.report.Packed++
		} else {
			r.lacks(lack.Kind, it.File(), place, lack.What)
		}
	}
	for _, one := range of {
		if one.Textures > 0 && one.Ready == 0 {
			r.lacks(Uncovered, "", one.Dir, "nothing of this package is packed")
		}
	}
	r.report.Packages = of
	return nil
}

// each calls f with the number of every package that names k.
func each(packages []*scenery.Package, k tiles.Key, f func(i int)) {
	for i, p := range packages {
		if _, ok := p.Lookup(k); ok {
			f(i)
		}
	}
}

// lackOf says what is wrong with a texture that is no real file.
func (r *run) lackOf(it tiles.Item) (l Lack, ready bool) {
	h, ok := r.held[it.Key()]
	switch {
	case !ok:
		return Lack{Kind: Missing, What: "it is neither packed nor a real file"}, false
	case h.Failed > 0:
		return Lack{Kind: Hole, Place: h.file, What: holeText(h.Record)}, false
	case h.Detail > it.Detail:
		return Lack{Kind: Coarse, Place: h.file, What: coarseText(h.Record, it)}, false
	}
	return Lack{}, true
}

// spare is the disk space in bytes that should be free during a flight: messages, and X-Plane's own
// files.
const spare = 500e6

// machine checks memory and disk.
func (r *run) machine(context.Context) error {
	dir := "."
	switch {
	case r.Installed && len(r.Scenery) > 0:
		dir = r.Scenery[0]
	case len(r.files) > 0:
		dir = filepath.Dir(r.files[0])
	}
	disk, err := filesys.Of(dir)
	if err != nil {
		return err
	}
	if disk.Free < spare {
		r.lacks(Machine, "", dir, fmt.Sprintf("%s of disk are free, less than the %s that a flight "+
			"may write", units.Bytes(disk.Free), units.Bytes(spare)))
	}
	if r.Installed {
		return nil
	}
	f := doctor.Memory(serve.Memory(0, len(r.files)))
	if f.Verdict == doctor.Warning || f.Verdict == doctor.Failure {
		r.lacks(Machine, "", f.Subject, f.Detail+": "+f.Remedy)
	}
	return nil
}

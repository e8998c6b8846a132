// Package archives is the folder in which a user's archives lie: what is there, how large and how
// old, and what could be removed to make room.
//
//	list, err := archives.List(ctx, dir)
//	for _, a := range archives.Over(list, 0, quota) { … offer it for removal … }
package archives

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// ErrUnknown means that there is no archive of a name.
var ErrUnknown = errors.New("no archive of this name")

// suffix is what names of archives end in; those of unfinished builds have part after it.
const (
	suffix = ".mbtiles"
	part   = ".part"
)

// Default returns the folder of archives if the user has chosen none: in the user's data folder.
func Default() (string, error) {
	dir := os.Getenv("XDG_DATA_HOME")
	switch {
	case runtime.GOOS == "windows":
		dir = os.Getenv("LOCALAPPDATA")
	case runtime.GOOS == "darwin":
		dir = ""
	}
	if filepath.IsAbs(dir) {
		return filepath.Join(dir, "xelpack", "archives"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("folder of archives: %w: give --archives DIR", err)
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "xelpack", "archives"), nil
	}
	return filepath.Join(home, ".local", "share", "xelpack", "archives"), nil
}

// Archive is one archive of the folder.
type Archive struct {
	Name     string    `json:"name"`
	File     string    `json:"file"`
	Bytes    int64     `json:"bytes"`
	Changed  time.Time `json:"changed"`
	Textures int       `json:"textures"`
	Holes    int       `json:"holes"`
	Routes   []string  `json:"routes"` // flight plans
	Way      string    `json:"way,omitempty"`
	Scenery  []string  `json:"scenery"`
	State    string    `json:"state"`           // complete or building; empty: it cannot be read
	Error    string    `json:"error,omitempty"` // why it cannot be read
}

// List describes the archives in dir, the one changed last first. A folder that does not exist is
// empty.
func List(ctx context.Context, dir string) (list []Archive, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("folder of archives: %w", err)
	}
	for _, e := range entries {
		if filepath.Ext(strings.TrimSuffix(e.Name(), part)) != suffix {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if err != nil || !info.Mode().IsRegular() {
			continue // gone meanwhile
		}
		a := Archive{Name: e.Name(), File: filepath.Join(dir, e.Name()), Bytes: info.Size(),
			Changed: info.ModTime()}
		if err := a.describe(ctx); err != nil {
			a.Error = err.Error()
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b Archive) int {
		return cmp.Or(b.Changed.Compare(a.Changed), cmp.Compare(a.Name, b.Name))
	})
	return list, nil
}

func (a *Archive) describe(ctx context.Context) error {
	opened, err := mbtiles.Open(ctx, a.File)
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }()
	info, err := opened.Info(ctx)
	if err != nil {
		return err
	}
	p := plan.PurposeOf(info)
	a.State, a.Textures, a.Holes = info.State, info.Textures, info.Holes
	a.Routes, a.Way, a.Scenery = p.Routes, p.Way, p.Scenery
	return nil
}

// Bytes returns the size of all of them.
func Bytes(list []Archive) (n int64) {
	for _, a := range list {
		n += a.Bytes
	}
	return n
}

// Over returns the oldest archives without which the rest, with more bytes to come, stay within the
// quota; none without a quota.
func Over(list []Archive, more, quota int64) (oldest []Archive) {
	total := Bytes(list) + more
	for _, a := range slices.Backward(list) {
		if quota <= 0 || total <= quota {
			break
		}
		total -= a.Bytes
		oldest = append(oldest, a)
	}
	return oldest
}

// Find returns the archive of that name, with or without its ending.
func Find(list []Archive, name string) (Archive, error) {
	for _, a := range list {
		if a.Name == name || a.Name == name+suffix {
			return a, nil
		}
	}
	return Archive{}, fmt.Errorf("%w: %q; `xelpack archives` lists them", ErrUnknown, name)
}

// Remove removes archives in dir by their names, each if it is sure.
func Remove(ctx context.Context, dir string, names []string,
	sure func(Archive) (bool, error)) error {
	list, err := List(ctx, dir)
	for _, name := range names {
		a, errFind := Find(list, name)
		if errFind != nil {
			err = errors.Join(err, errFind)
			continue
		}
		yes, errAsk := sure(a)
		if errAsk != nil {
			return errors.Join(err, errAsk)
		}
		if yes {
			err = errors.Join(err, a.Remove())
		}
	}
	return err
}

// Remove removes the archive's file.
func (a Archive) Remove() error {
	var errs []error
	for _, file := range []string{a.File, a.File + "-wal", a.File + "-shm"} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Words describe the archive on a line: size, age and route.
func (a Archive) Words(now time.Time) string {
	text := fmt.Sprintf("%s, %s, %s", a.Name, units.Bytes(a.Bytes), age(now.Sub(a.Changed)))
	if a.Way != "" {
		text += ", " + a.Way
	}
	return text
}

// WriteText writes the list as a table for people.
func WriteText(w io.Writer, dir string, list []Archive, quota int64, now time.Time) error {
	if len(list) == 0 {
		_, err := fmt.Fprintf(w, "no archives in %s\n", dir)
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, a := range list {
		what := cmp.Or(a.Way, strings.Join(a.Routes, ", "), strings.Join(a.Scenery, ", "))
		switch {
		case a.Error != "":
			what = a.Error
		case a.State == "building":
			what = strings.TrimSuffix("unfinished; "+what, "; ")
		case a.Holes > 0:
			what = units.Plural(a.Holes, "hole") + "; " + what
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", words.Line(a.Name), units.Bytes(a.Bytes),
			age(now.Sub(a.Changed)), words.Line(what))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	of := ""
	if quota > 0 {
		of = " of " + units.Bytes(quota)
	}
	_, err := fmt.Fprintf(w, "%s in %s%s in %s\n", units.Plural(len(list), "archive"),
		units.Bytes(Bytes(list)), of, dir)
	return err
}

// age describes how long ago something was.
func age(d time.Duration) string {
	switch days := int(d / (24 * time.Hour)); {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return units.Plural(int(d/time.Minute), "minute") + " old"
	case days < 1:
		return units.Plural(int(d/time.Hour), "hour") + " old"
	default:
		return units.Plural(days, "day") + " old"
	}
}

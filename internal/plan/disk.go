package plan

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/units"
)

// ErrDiskFull is wrapped by Room's error if an archive will not fit.
var ErrDiskFull = errors.New("not enough disk")

// Room returns an error, before the first request, if the archive will not fit on its disk.
func (p *Plan) Room() error {
	file := p.Options.Output
	if err := enoughRoom(filepath.Dir(file), p.Estimate.growth); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// NoteRoom adds a note with the error of Room. Without a file the archive is assumed to be built in
// the current folder.
func (p *Plan) NoteRoom() {
	dir, err := filepath.Abs(filepath.Dir(p.Options.Output))
	if err == nil {
		err = enoughRoom(dir, p.Estimate.growth)
	}
	if err != nil {
		p.Options.Note(err.Error())
		p.Notes = append(p.Notes, err.Error())
	}
}

// enoughRoom checks whether an archive of the given size fits into a folder. The journal beside it
// holds only the few pages that a transaction changes.
func enoughRoom(dir string, need int64) error {
	disk, err := filesys.Of(dir)
	if err != nil {
		return err
	}
	if disk.Free < need {
		return fmt.Errorf("%w: the archive needs about %s, but %s has %s", ErrDiskFull,
			units.Bytes(need), dir, units.Bytes(disk.Free))
	}
	return nil
}

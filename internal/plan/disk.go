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

// Room notes what is special about the archive's disk, and returns an error, before the first
// request, if the archive will not fit there.
func (p *Plan) Room() error {
	file := p.Options.Output
	disk, err := filesys.Of(filepath.Dir(file))
	if err == nil {
		p.noteDisk(disk)
		err = enoughRoom(disk, filepath.Dir(file), p.Estimate.growth)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// NoteRoom adds a note with the error of Room. Without a file the archive is assumed to be built in
// the current folder.
func (p *Plan) NoteRoom() {
	dir, err := filepath.Abs(filepath.Dir(p.Options.Output))
	var disk filesys.Info
	if err == nil {
		disk, err = filesys.Of(dir)
	}
	if err == nil {
		p.noteDisk(disk)
		err = enoughRoom(disk, dir, p.Estimate.growth)
	}
	if err != nil {
		p.note(err.Error())
	}
}

func (p *Plan) note(text string) {
	p.Options.Note(text)
	p.Notes = append(p.Notes, text)
}

func (p *Plan) noteDisk(disk filesys.Info) {
	if disk.Cloud != "" {
		p.note(fmt.Sprintf("the archive's folder belongs to %s, which uploads files and opens "+
			"them while they are written: better build elsewhere", disk.Cloud))
	}
	if disk.Network {
		p.note(fmt.Sprintf("the archive's folder is on a network drive (%s), which is slow and may "+
			"be gone at any time: better build on a local disk, then copy the archive", disk.Kind))
	}
}

// enoughRoom checks whether an archive of the given size fits into a folder. The journal beside it
// holds only the few pages that a transaction changes.
func enoughRoom(disk filesys.Info, dir string, need int64) error {
	switch {
	case disk.Free < need:
		return fmt.Errorf("%w: the archive needs about %s, but %s has %s", ErrDiskFull,
			units.Bytes(need), dir, units.Bytes(disk.Free))
	case disk.MaxFile > 0 && disk.MaxFile < need:
		return fmt.Errorf("%w: the archive needs about %s, but the file system of %s (%s) takes "+
			"no file over %s: use another disk, or build smaller parts", ErrDiskFull,
			units.Bytes(need), dir, disk.Kind, units.Bytes(disk.MaxFile))
	}
	return nil
}

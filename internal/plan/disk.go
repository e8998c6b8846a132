package plan

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/units"
)

// ErrDiskFull is what Room's error wraps when an archive will not fit.
var ErrDiskFull = errors.New("not enough disk")

// Room says before the first request whether the archive will fit where it is to be.
func (p *Plan) Room() error {
	file := p.Options.Output
	if err := enoughRoom(filepath.Dir(file), p.Estimate.growth); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// NoteRoom notes what Room would tell a build. Without a file the archive is taken to be built
// where the plan is made.
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

// enoughRoom says whether an archive of so many bytes will fit into a folder. The journal beside it
// holds no more than the few pages that a transaction changes.
func enoughRoom(dir string, need int64) error {
	disk, err := filesys.Of(dir)
	if err != nil {
		return err
	}
	if disk.Free < need {
		return fmt.Errorf("%w: the archive needs about %s, and %s has %s", ErrDiskFull, units.Bytes(need), dir, units.Bytes(disk.Free))
	}
	return nil
}

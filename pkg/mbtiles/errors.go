package mbtiles

import (
	"errors"
	"fmt"
	"strings"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// Reasons to refuse an archive. Every error of this package names the file and wraps one of these
// where it applies.
var (
	ErrName = errors.New(
		"an archive's name must end in .mbtiles, so that GDAL and QGIS recognise it")
	ErrNotArchive = sqlite.ErrNoDatabase // also for files that are not a database
	ErrVersion    = tables.ErrVersion
	ErrCorrupt    = sqlite.ErrCorrupt
	ErrTruncated  = errors.New("truncated") // always with ErrCorrupt
	// ErrBuilding is ErrUnfinished of a file on a web server.
	ErrBuilding = fmt.Errorf("%w: it is being built there", ErrUnfinished)
	// ErrUploading is ErrTruncated of a file on a web server.
	ErrUploading  = fmt.Errorf("cut short, or not yet uploaded whole: %w", ErrTruncated)
	ErrLocked     = sqlite.ErrLocked
	ErrUnsettled  = sqlite.ErrUnsettled
	ErrExists     = errors.New("archive exists and is complete")
	ErrFull       = sqlite.ErrFull
	ErrNoTile     = errors.New("no preview there")
	ErrClosed     = sqlite.ErrClosed
	ErrNothing    = errors.New("no texture of the archive is selected")
	ErrUnfinished = errors.New("archive is unfinished")
	ErrIsPatch    = errors.New("it is a patch, not an archive")
	// ErrLook means that an archive would have textures of two looks.
	ErrLook = errors.New("another look is baked into its textures")
	// ErrBaked means that a second look would be laid over the one that textures have.
	ErrBaked = errors.New("a look is baked into its textures already")
)

// explain adds the file to err and, if the cause is known, the sentinel to test for.
func explain(path string, err error) error {
	if err == nil {
		return nil
	}
	growing := ""
	if strings.HasSuffix(path, partSuffix) {
		growing = path
	}
	if sentinel := sqlite.Classify(err, growing); sentinel != nil && !errors.Is(err, sentinel) {
		return fmt.Errorf("%s: %w: %w", path, sentinel, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

func corrupt(format string, args ...any) error { return sqlite.Corrupt(format, args...) }

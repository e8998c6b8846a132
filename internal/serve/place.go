package serve

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/usage"
)

// Place tells the archives from the mountpoint in a command's arguments. Without a mountpoint the
// mount goes over the scenery package itself, of which there must then be one.
func Place(args, scenery []string) (archives []string, mountpoint string, err error) {
	last := len(args) - 1
	if last > 0 && !isArchive(args[last]) {
		return args[:last], args[last], nil
	}
	switch len(scenery) {
	case 0:
		return nil, "", usage.Errorf("no MOUNTPOINT: give one, or --scenery DIR to mount over the " +
			"package itself")
	case 1:
		return args, scenery[0], nil
	}
	return nil, "", usage.Errorf("no MOUNTPOINT, and %d packages: give one --scenery DIR to mount "+
		"over that package itself", len(scenery))
}

// isArchive reports whether an argument names an archive, and not a folder.
func isArchive(arg string) bool {
	info, err := os.Stat(arg)
	return strings.Contains(arg, "://") || err == nil && info.Mode().IsRegular() ||
		err != nil && strings.EqualFold(filepath.Ext(arg), ".mbtiles")
}

// inPlace returns where the mount goes, without links, if that is over one of its packages.
func (o Options) inPlace() (path string, ok bool) {
	path, err := realpath.Absolute(o.Mountpoint)
	return path, err == nil && slices.ContainsFunc(o.Mount.Scenery, func(dir string) bool {
		dir, err := realpath.Absolute(dir)
		return err == nil && dir == path
	})
}

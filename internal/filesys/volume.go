package filesys

import (
	"cmp"
	"strings"
)

// driveRemote is what Windows' GetDriveType calls a drive that is a share of another machine.
const driveRemote = 4

// volume fills in what Windows tells of the volume that dir, an absolute path, is on. A share that
// has no letter is known by its name too: the system may not tell.
func (i *Info) volume(dir string, of func(dir string) (kind string, drive uint32)) {
	kind, drive := of(dir)
	i.Kind = strings.ToLower(kind)
	if i.Kind == "fat" || i.Kind == "fat32" {
		i.MaxFile = fatMaxFile
	}
	if i.Network = drive == driveRemote || share(dir); i.Network {
		i.Kind = cmp.Or(i.Kind, "share")
	}
}

// share reports whether a path of Windows is on a share, as \\SERVER\SHARE\… or, in the form for
// long paths, \\?\UNC\SERVER\SHARE\….
func share(path string) bool {
	path = strings.ReplaceAll(path, "/", `\`)
	rest, ok := strings.CutPrefix(path, `\\`)
	if !ok {
		return false
	}
	if long, ok := strings.CutPrefix(rest, `?\`); ok {
		return len(long) > 4 && strings.EqualFold(long[:4], `UNC\`)
	}
	return rest != "" && !strings.HasPrefix(rest, `.\`)
}

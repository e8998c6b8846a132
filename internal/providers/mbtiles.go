package providers

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/chunkfile"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// mbtilesPrefix starts the Template of a provider that is an MBTiles file.
const mbtilesPrefix = "mbtiles:"

// MBTiles returns the path of the MBTiles file that p is, if it is one.
func (p Provider) MBTiles() (path string, ok bool) {
	return strings.CutPrefix(p.Template, mbtilesPrefix)
}

// ofMBTiles describes the MBTiles file at path by its metadata.
func ofMBTiles(path string) (Provider, error) {
	abs, info, err := chunkfile.Describe(path)
	if err != nil {
		return Provider{}, fmt.Errorf("%w: %s%s: %w", ErrUnknown, mbtilesPrefix, path, err)
	}
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	p := Provider{
		ID: "mbtiles-" + strings.ToLower(
			name), Code: BareCode, Name: name, Template: mbtilesPrefix + abs,
		MinZL: info.MinZL, MaxZL: info.MaxZL, Coverage: "the content of the file", Licence: "unknown",
		Attribution: info.Attribution, TilePx: info.Side,
	}
	if !slices.Contains(tileSizes, p.TilePx) {
		p.TilePx = tiles.ChunkPixels // reading it will report the error
	}
	n := tiles.ZL(p.TileLevels())
	p.MinZL, p.MaxZL = p.MinZL+n, min(p.MaxZL+n, tiles.MaxZL)
	return p, nil
}

package scenerytest

import (
	"cmp"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// cell is a 1°×1° square of the world by its south-west corner.
type cell struct{ lat, lon int }

// path returns the path of the cell's DSF in a package: "Earth nav data/+40+000/+43+005.dsf".
func (c cell) path() string {
	tens := func(deg int) int { return int(math.Floor(float64(deg)/10)) * 10 }
	return filepath.Join("Earth nav data", fmt.Sprintf("%+03d%+04d", tens(c.lat), tens(c.lon)),
		fmt.Sprintf("%+03d%+04d.dsf", c.lat, c.lon))
}

func (c cell) box() tiles.Box {
	return tiles.Box{West: float64(c.lon), South: float64(c.lat), East: float64(c.lon + 1),
		North: float64(c.lat + 1)}
}

// cells returns the cells of a package's box that b meets.
func cells(b, within tiles.Box) []cell {
	var all []cell
	south, west := max(b.South, math.Floor(within.South)), max(b.West, math.Floor(within.West))
	north, east := min(b.North, math.Ceil(within.North)), min(b.East, math.Ceil(within.East))
	for lat := math.Floor(south); lat < north; lat++ {
		for lon := math.Floor(west); lon < east; lon++ {
			all = append(all, cell{int(lat), int(lon)})
		}
	}
	return all
}

// writeDSFs writes a DSF for every cell that the textures touch. A texture on a border is listed on
// both sides, as Ortho4XP does.
func writeDSFs(dir string, grounds []ground, within tiles.Box) ([]string, error) {
	lists := map[cell][]string{}
	for _, g := range grounds {
		for _, c := range cells(g.Box(), within) {
			for _, k := range g.kinds {
				lists[c] = append(lists[c], "terrain/"+g.Name()+k.suffix()+".ter")
			}
		}
	}
	var paths []string
	order := func(a, b cell) int { return cmp.Or(a.lat-b.lat, a.lon-b.lon) }
	for _, c := range slices.SortedFunc(maps.Keys(lists), order) {
		path := filepath.Join(dir, c.path())
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, DSF(c.box(), lists[c]), 0o644); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths, nil
}

// DSF returns a mesh file without geometry that covers box and lists terrains after X-Plane's own
// water, with a correct checksum.
func DSF(box tiles.Box, terrains []string) []byte {
	degrees := func(f float64) string { return fmt.Sprintf("%g", f) }
	properties := []string{
		"sim/planet", "earth", "sim/creation_agent", "xelpack scenerytest",
		"sim/west", degrees(box.West), "sim/east", degrees(box.East), "sim/north",
		degrees(box.North), "sim/south", degrees(box.South),
	}
	b := binary.LittleEndian.AppendUint32([]byte("XPLNEDSF"), 1)
	b = append(b, Atom("HEAD", Atom("PROP", stringTable(properties)))...)
	b = append(b, Atom("DEFN",
		Atom("TERT", stringTable(append([]string{"terrain_Water"}, terrains...))),
		Atom("OBJT"), Atom("POLY"), Atom("NETW"), Atom("DEMN"))...)
	b = append(b, Atom("GEOD")...)
	b = append(b, Atom("CMDS")...)
	sum := md5.Sum(b)
	return append(b, sum[:]...)
}

// Atom returns a DSF atom: its four letters reversed, its length, its parts.
func Atom(id string, parts ...[]byte) []byte {
	content := slices.Concat(parts...)
	b := []byte{id[3], id[2], id[1], id[0]}
	return append(binary.LittleEndian.AppendUint32(b, uint32(8+len(content))), content...)
}

// stringTable returns words, each ended by NUL.
func stringTable(words []string) []byte { return []byte(strings.Join(words, "\x00") + "\x00") }

package look

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"

	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/scenery"
)

// Rasters returns what Season.Days needs from the Global Scenery of X-Plane's folder. A cell is
// read when it is first asked for, and kept: 64 KB each. A damaged one is told to note, and its
// calendar is the default one.
func Rasters(xplane string, note func(string)) (func(lat, lon float64) ([8]int, bool), error) {
	global := filepath.Join(xplane, "Global Scenery")
	packages, err := os.ReadDir(global)
	if err != nil {
		return nil, fmt.Errorf("seasons of X-Plane: %w", err)
	}
	var folders []string
	for _, p := range packages {
		folders = append(folders, filepath.Join(global, p.Name(), "Earth nav data"))
	}
	var mu sync.Mutex
	cells := map[[2]int]func() *scenery.Seasons{}
	return func(lat, lon float64) ([8]int, bool) {
		cell := [2]int{int(math.Floor(lat)), int(math.Floor(lon))}
		mu.Lock()
		read, ok := cells[cell]
		if !ok {
			read = sync.OnceValue(func() *scenery.Seasons { return readCell(folders, cell, note) })
			cells[cell] = read
		}
		mu.Unlock()
		s := read()
		if s == nil {
			return [8]int{}, false
		}
		return s.At(lat, lon), true
	}, nil
}

// readCell reads a cell from the first folder that has it with seasons.
func readCell(folders []string, cell [2]int, note func(string)) *scenery.Seasons {
	ten := func(v int) int { return int(math.Floor(float64(v)/10)) * 10 }
	name := filepath.Join(fmt.Sprintf("%+03d%+04d", ten(cell[0]), ten(cell[1])),
		fmt.Sprintf("%+03d%+04d.dsf", cell[0], cell[1]))
	for _, folder := range folders {
		s, err := scenery.ReadSeasons(filepath.Join(folder, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			note(fmt.Sprintf("%s: the default calendar is used there", words.Of(err)))
		}
		if s != nil {
			return s
		}
	}
	return nil
}

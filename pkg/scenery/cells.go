package scenery

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Cell is a square of 1° × 1°, which one mesh covers.
type Cell = tiles.Cell

// dsfName is the name of a mesh file.
var dsfName = regexp.MustCompile(`^(?i)([+-]\d{2})([+-]\d{3})\.dsf$`)

// listCells passes to the workers the terrain files that the meshes of the wanted cells list. It
// returns false, having passed nothing, if one of the meshes is compressed and cannot be unpacked:
// then the terrain folder must be read instead.
func listCells(ctx context.Context, fs folders, o Options, all *found,
	batches chan<- batch) (bool, error) {
	meshes, err := findMeshes(ctx, fs, o.Cells)
	if err != nil {
		return false, err
	}
	listed := map[string]struct{}{}
	var problems []Problem
	for _, mesh := range meshes {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		d, err := readDSF(filepath.Join(fs.dsf, filepath.FromSlash(mesh)))
		if errors.Is(err, ErrDSFCompressed) {
			return false, nil
		}
		if err != nil {
			problems = append(problems, Problem{path.Join(dsfFolder, mesh), reason(err), BadMesh})
			continue
		}
		for _, name := range d.Terrains {
			file, err := ownTerrain(name)
			if err != nil {
				problems = append(problems,
					Problem{path.Join(dsfFolder, mesh), err.Error(), Elsewhere})
			} else if file != "" {
				listed[file] = struct{}{}
			}
		}
	}
	all.add(nil, 0, problems)
	return true, sendByFolder(ctx, listed, batches)
}

// findMeshes returns the DSFs of the wanted cells, relative to the package's DSF folder.
func findMeshes(ctx context.Context, fs folders, wanted func(Cell) bool) ([]string, error) {
	if fs.dsf == "" {
		return nil, nil
	}
	tens, err := os.ReadDir(fs.dsf)
	if err != nil {
		return nil, err
	}
	var meshes []string
	for _, ten := range tens {
		dir := filepath.Join(fs.dsf, ten.Name())
		if !ten.IsDir() && !leadsToFolder(dir) {
			continue
		}
		err := eachBatch(dir, func(entries []os.DirEntry) error {
			for _, e := range entries {
				if c, ok := parseCell(e.Name()); ok && wanted(c) {
					meshes = append(meshes, path.Join(ten.Name(), e.Name()))
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return nil, err
		}
	}
	return meshes, nil
}

// Meshes returns the mesh files (DSFs) of the scenery package in dir, of any kind, by cell.
// Overlays are included: see DSF.Overlay.
func Meshes(ctx context.Context, dir string) (map[Cell]string, error) {
	fs, err := listFolders(dir)
	if err != nil {
		return nil, err
	}
	names, err := findMeshes(ctx, fs, func(Cell) bool { return true })
	meshes := make(map[Cell]string, len(names))
	for _, name := range names {
		c, _ := parseCell(path.Base(name))
		meshes[c] = filepath.Join(fs.dsf, filepath.FromSlash(name))
	}
	return meshes, err
}

// parseCell reads a mesh file's name.
func parseCell(name string) (Cell, bool) {
	m := dsfName.FindStringSubmatch(name)
	if m == nil {
		return Cell{}, false
	}
	lat, _ := strconv.Atoi(m[1])
	lon, _ := strconv.Atoi(m[2])
	return Cell{Lat: lat, Lon: lon}, lat >= -90 && lat < 90 && lon >= -180 && lon < 180
}

// ownTerrain returns the path within the package of a terrain that a mesh lists, or "" if it
// belongs to the simulator's library ("terrain_Water", "lib/g10/…").
func ownTerrain(name string) (string, error) {
	slashed := strings.ReplaceAll(name, `\`, "/")
	clean := path.Clean(slashed)
	switch {
	case path.IsAbs(slashed), len(slashed) > 1 && slashed[1] == ':', clean == "..",
		strings.HasPrefix(clean, "../"):
		return "", fmt.Errorf("it lists terrain outside the package: %q", name)
	case len(clean) > len(terrainFolder) &&
		strings.EqualFold(clean[:len(terrainFolder)+1], terrainFolder+"/") && isTer(clean):
		return terrainFolder + clean[len(terrainFolder):], nil
	}
	return "", nil
}

// sendByFolder passes files, given relative to the package, to the workers in batches of one folder
// each.
func sendByFolder(ctx context.Context, files map[string]struct{}, batches chan<- batch) error {
	folders := map[string][]string{}
	for file := range files {
		dir, name := path.Split(file)
		dir = path.Clean(dir)
		folders[dir] = append(folders[dir], name)
		if len(folders[dir]) == scanBatch {
			if err := send(ctx, batches, batch{dir, folders[dir]}); err != nil {
				return err
			}
			delete(folders, dir)
		}
	}
	for dir, names := range folders {
		if err := send(ctx, batches, batch{dir, names}); err != nil {
			return err
		}
	}
	return nil
}

package scenery

import "fmt"

// TexturesFolder returns the textures folder of the package in dir as it is spelled on disk, empty
// if there is none. The error wraps ErrNoTerrain when dir has none of a package's folders.
func TexturesFolder(dir string) (string, error) {
	f, err := listFolders(dir)
	if err == nil && f.terrain+f.textures+f.dsf == "" {
		err = fmt.Errorf("%s: %w", dir, ErrNoTerrain)
	}
	return f.textures, err
}

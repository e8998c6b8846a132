package install

import (
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/install/manifest"
	"github.com/xelpack/xelpack/pkg/scenery"
)

// holds reports whether a file of another package matches its manifest: its bytes are read, which
// is still cheaper than writing them.
func holds(file string, c manifest.Content) bool {
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() != c.Size {
		return false
	}
	in, err := os.Open(file)
	if err != nil {
		return false
	}
	sum, _, err := hashOf(in)
	return err == nil && sum == c.SHA256
}

// Beside returns the textures folders of neighbouring packages with installed textures.
func Beside(dir string) []string {
	at, err := real(dir)
	if err != nil {
		return nil // opening it will report the error
	}
	entries, err := os.ReadDir(filepath.Dir(at))
	if err != nil {
		return nil
	}
	var folders []string
	for _, e := range entries {
		other := filepath.Join(filepath.Dir(at), e.Name())
		if other == at || !e.IsDir() {
			continue
		}
		textures, err := scenery.TexturesFolder(other)
		if err != nil || textures == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(textures, manifest.Folder, manifest.Name)); err == nil {
			folders = append(folders, textures)
		}
	}
	return folders
}

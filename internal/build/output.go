package build

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/remote"
	"github.com/xelpack/xelpack/internal/shell"
)

// OutputFile checks before any work whether an archive can be written, and returns its path: the
// target if file is a link.
func OutputFile(file string) (string, error) {
	if err := remote.Written(file); err != nil {
		return "", err
	}
	real, err := realpath.Of(file)
	if err != nil {
		return "", fmt.Errorf("-o %s: %w", file, err)
	}
	if err := filesys.CheckPath(real); err != nil {
		return "", fmt.Errorf("-o %s: %w", file, err)
	}
	dir := filepath.Dir(real)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("-o %s: the folder %s does not exist: create it first (%s)", file,
			dir, shell.MakeFolder(dir))
	case err != nil:
		return "", fmt.Errorf("-o %s: %w", file, err)
	case !info.IsDir():
		return "", fmt.Errorf("-o %s: %s is not a folder", file, dir)
	}
	return real, nil
}

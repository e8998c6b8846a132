package realpath

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
)

// Home returns path with the user's home for the ~ of "~" and "~/folder", and any other as it is.
func Home(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || !strings.HasPrefix(path, "~") || len(path) > 1 && !os.IsPathSeparator(path[1]) {
		return path
	}
	return filepath.Join(cmp.Or(home, "/"), path[1:])
}

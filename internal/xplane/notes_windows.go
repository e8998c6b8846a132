package xplane

import (
	"cmp"
	"os"
	"path/filepath"
)

// installNotes is the folder in which X-Plane's installer notes where it has put X-Plane.
func installNotes(home string) string {
	return cmp.Or(os.Getenv("LOCALAPPDATA"), filepath.Join(home, "AppData", "Local"))
}

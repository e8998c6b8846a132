package doctor

import (
	"cmp"
	"os"
	"path/filepath"
)

// cacheVariable is the variable that says where caches are kept.
const cacheVariable = "LOCALAPPDATA"

// installNotes is the folder in which X-Plane's installer notes where it has put X-Plane.
func installNotes(home string) string {
	return cmp.Or(os.Getenv("LOCALAPPDATA"), filepath.Join(home, "AppData", "Local"))
}

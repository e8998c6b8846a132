package doctor

import "path/filepath"

// cacheVariable is the variable that says where caches are kept.
const cacheVariable = "XDG_CACHE_HOME"

// installNotes is the folder in which X-Plane's installer notes where it has put X-Plane.
func installNotes(home string) string { return filepath.Join(home, ".x-plane") }

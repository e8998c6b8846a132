package xplane

import "path/filepath"

// installNotes is the folder in which X-Plane's installer notes where it has put X-Plane.
func installNotes(home string) string { return filepath.Join(home, ".x-plane") }

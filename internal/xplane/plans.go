package xplane

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// PlansDir returns the folder of X-Plane's flight plans.
func (x Install) PlansDir() string { return filepath.Join(x.Dir, "Output", "FMS plans") }

// planEndings are those of flight plans that X-Plane and Little Navmap write.
var planEndings = []string{".fms", ".lnmpln", ".pln", ".fpl", ".gpx"}

// NavmapDirs returns the folders of Little Navmap's files in a user's home. It names them in the
// language of the user: "Documents/Little Navmap Files", "Dokumente/Little Navmap Dateien".
func NavmapDirs(home string) []string {
	var dirs []string
	for _, in := range []string{"*/Little Navmap*", "OneDrive*/*/Little Navmap*"} {
		found, _ := fs.Glob(os.DirFS(home), in) // fails for a bad pattern only
		for _, dir := range found {
			dirs = append(dirs, filepath.Join(home, filepath.FromSlash(dir)))
		}
	}
	return dirs
}

// Plans returns the flight plans in dirs, or in folders in them, those written last first.
func Plans(dirs []string) (files []string) {
	const deepest = 3 // "Little Navmap Files/Flight Plans/My plans"
	when := make(map[string]time.Time)
	for _, dir := range dirs {
		_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return nil // what cannot be read has no plan to offer
			}
			if e.IsDir() {
				rel, _ := filepath.Rel(dir, path)
				if strings.Count(rel, string(filepath.Separator)) >= deepest {
					return fs.SkipDir
				}
				return nil
			}
			if !slices.Contains(planEndings, strings.ToLower(filepath.Ext(path))) {
				return nil
			}
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				files, when[path] = append(files, path), info.ModTime()
			}
			return nil
		})
	}
	slices.SortStableFunc(files, func(a, b string) int { return when[b].Compare(when[a]) })
	return files
}

// NewestPlan returns the flight plan in dirs, or in folders in them, that was written last.
func NewestPlan(dirs []string) (file string, when time.Time, err error) {
	files := Plans(dirs)
	if len(files) == 0 {
		return "", when, fmt.Errorf("there is no flight plan in %s: save one there, or name a file",
			strings.Join(dirs, ", "))
	}
	info, err := os.Stat(files[0])
	if err != nil {
		return "", when, err
	}
	return files[0], info.ModTime(), nil
}

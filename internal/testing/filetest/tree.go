// Package filetest compares folders, for tests.
package filetest

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Tree describes all that a folder holds by path within it: a file's size, hash and mode, where a
// link leads, or that it is a folder.
func Tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			files[rel] = "folder"
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			files[rel] = "link to " + target
			return err
		default:
			body, err := os.ReadFile(path)
			info, errInfo := d.Info()
			if err != nil || errInfo != nil {
				return fmt.Errorf("%w %w", err, errInfo)
			}
			files[rel] = fmt.Sprintf("%d bytes %x %v", len(body), sha256.Sum256(body), info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

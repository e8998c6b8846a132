// Package realpath resolves a name that is a symbolic link, so that the named file itself is
// changed: replacing a file by renaming another onto its name would otherwise replace the link and
// leave the file behind it unchanged.
package realpath

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// maxLinks is the longest chain of links, as in the kernel.
const maxLinks = 40

// Of returns path itself unless it is a symbolic link, and otherwise the absolute path of the
// link's target, which need not exist: a new file is created where the link points. Links among the
// folders of the result are resolved if the folders exist. The target itself is not examined,
// because it may be a mount that does not answer.
func Of(path string) (string, error) {
	at := path
	for range maxLinks {
		target, err := os.Readlink(at)
		if err != nil {
			if at == path {
				return path, nil // not a link, or it does not exist
			}
			return clean(at)
		}
		if !filepath.IsAbs(target) {
			dir, err := folder(at)
			if err != nil {
				return "", err
			}
			// Not filepath.Join: it would resolve "link/.." wrongly.
			target = dir + string(filepath.Separator) + target
		}
		at = target
	}
	return "", &os.PathError{Op: "readlink", Path: path, Err: syscall.ELOOP}
}

// Absolute is Of, made absolute and without links among the folders, as the kernel lists mounts.
func Absolute(path string) (string, error) {
	path, err := Of(path)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return "", err
	}
	return clean(path)
}

// folder returns the real path of the folder that path is in.
func folder(path string) (string, error) {
	dir, _ := filepath.Split(path)
	dir, err := filepath.EvalSymlinks(cmp.Or(dir, "."))
	if err != nil {
		return "", err
	}
	return filepath.Abs(dir)
}

// clean resolves the folders of path.
func clean(path string) (string, error) {
	dir, err := folder(path)
	if os.IsNotExist(err) {
		return filepath.Clean(path), nil // creating a file there will fail with a better error
	}
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, filepath.Base(path)), nil
}

// Inside reports whether path is dir or lies in it. Both are clean and absolute.
func Inside(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || os.IsPathSeparator(rest[0]) || os.IsPathSeparator(dir[len(dir)-1]))
}

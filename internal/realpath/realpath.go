// Package realpath finds the file that a name stands for, so that what is named is what is changed:
// a file that is replaced by renaming another onto its name would otherwise take the place of the
// link, and leave what the link leads to as it was.
package realpath

import (
	"cmp"
	"os"
	"path/filepath"
	"syscall"
)

// maxLinks is how many links may follow one another, as in the kernel.
const maxLinks = 40

// Of returns path itself unless it is a symbolic link, and else the absolute path of what the link
// leads to, which need not exist: a file that is made there comes into being where the link says.
// Links among the folders of the result are resolved where the folders exist. What path leads to is
// not looked at, since it may be a mount that does not answer.
func Of(path string) (string, error) {
	at := path
	for range maxLinks {
		target, err := os.Readlink(at)
		if err != nil {
			if at == path {
				return path, nil // no link, or nothing at all
			}
			return clean(at)
		}
		if !filepath.IsAbs(target) {
			dir, err := folder(at)
			if err != nil {
				return "", err
			}
			// Not filepath.Join: what it makes of "link/.." is not where the link leads.
			target = dir + string(filepath.Separator) + target
		}
		at = target
	}
	return "", &os.PathError{Op: "readlink", Path: path, Err: syscall.ELOOP}
}

// Absolute is Of, made absolute and without links among the folders either, as the kernel lists
// mounts.
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
		return filepath.Clean(path), nil // whoever makes a file there finds out
	}
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, filepath.Base(path)), nil
}

package install

import "golang.org/x/sys/unix"

// clone makes a copy-on-write copy of a file.
func clone(source, name string) error { return unix.Clonefile(source, name, unix.CLONE_NOFOLLOW) }

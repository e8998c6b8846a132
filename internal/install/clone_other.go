//go:build !linux && !darwin

package install

import "errors"

// clone makes a copy-on-write copy of a file.
func clone(string, string) error { return errors.ErrUnsupported }

//go:build !linux && !darwin

package install

import "errors"

// clone makes a file that shares its blocks with another until one of them is written to.
func clone(string, string) error { return errors.ErrUnsupported }

//go:build !linux

package mounttest

import "errors"

// perform has nothing to read elsewhere: tests that mount are skipped by NeedFUSE.
func perform(request) (reply, error) { return reply{}, errors.ErrUnsupported }

//go:build !linux && !darwin && !windows

package filesys

import "errors"

func of(string) (Info, error) {
	return Info{}, errors.New("not supported on this system")
}

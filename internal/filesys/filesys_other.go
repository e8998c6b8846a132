//go:build !linux && !darwin && !windows

package filesys

import "errors"

func of(string) (Info, error) {
	return Info{}, errors.New("this system is not asked for it")
}

//go:build unix

package fetch

import "syscall"

// maxDescriptors returns how many descriptors the process may have, if there is a limit.
func maxDescriptors() (n uint64, limited bool) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return limit.Cur, err == nil
}

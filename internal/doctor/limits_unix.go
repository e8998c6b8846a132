//go:build unix

package doctor

import (
	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/words"
)

// Limits checks how many files a process may open.
func Limits() Finding {
	const s = subject("open files")
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return s.skipped(words.Of(err))
	}
	return limits(s, l.Max) // Go raises the soft limit to the hard one
}

package main

import (
	"syscall"
	"time"
)

// processor returns the least time of the processor, user's and system's, that the whole process spent while work ran.
func (s *subject) processor(work func() error) (time.Duration, error) {
	best := time.Duration(0)
	for range s.rounds {
		before, err := spent()
		if err == nil {
			err = work()
		}
		if err != nil {
			return 0, err
		}
		after, err := spent()
		if err != nil {
			return 0, err
		}
		if d := after - before; best == 0 || d < best {
			best = d
		}
	}
	return best, nil
}

// spent is the processor time of this process so far.
func spent() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

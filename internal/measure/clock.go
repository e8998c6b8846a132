package measure

import (
	"time"

	"github.com/xelpack/xelpack/internal/process"
)

// Best is the shortest of several times: the one that was disturbed least.
type Best time.Duration

// Take keeps d if it is the shortest.
func (b *Best) Take(d time.Duration) {
	if *b == 0 || d < time.Duration(*b) {
		*b = Best(d)
	}
}

// Time runs work and takes its time.
func (b *Best) Time(work func() error) error {
	start := time.Now()
	err := work()
	if err == nil {
		b.Take(time.Since(start))
	}
	return err
}

// Seconds returns the time.
func (b Best) Seconds() float64 { return time.Duration(b).Seconds() }

// Processor returns the processor time, user and system, that the whole process spent while work
// ran. A busy machine disturbs it little.
func Processor(work func() error) (time.Duration, error) {
	before := process.Time()
	err := work()
	return process.Time() - before, err
}

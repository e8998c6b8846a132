//go:build linux

package mbtiles

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/faultfs"
)

// tell describes the step before which a drill was disturbed, and those around it.
func tell(steps []faultfs.Step, n int) string {
	var b strings.Builder
	for i := max(0, n-4); i < min(len(steps), n+2); i++ {
		if i == n {
			b.WriteString("  -- here --")
		}
		fmt.Fprintf(&b, "  %d: %v", i, steps[i])
	}
	return b.String()
}

// losses are what may become of what was not synced when the power goes: from losing nothing, which
// is also what a kill leaves, to losing anything.
func losses(n int) []loss {
	random := func(seed uint64) func(int, faultfs.Step) faultfs.Fate {
		return func(i int, s faultfs.Step) faultfs.Fate {
			rng := rand.New(rand.NewPCG(seed, uint64(i)<<32|uint64(n)))
			torn := rng.IntN(3) == 0
			whole := rng.IntN(2) == 0
			return faultfs.Fate{Length: rng.IntN(2) == 0, Keep: func(int64) bool { return whole && !torn || torn && rng.IntN(2) == 0 }}
		}
	}
	choose := func(keep func(i int, s faultfs.Step) bool) func(int, faultfs.Step) faultfs.Fate {
		return func(i int, s faultfs.Step) faultfs.Fate {
			if keep(i, s) {
				return faultfs.Kept
			}
			return faultfs.Lost
		}
	}
	data := func(s faultfs.Step) bool { return s.Kind == faultfs.Write || s.Kind == faultfs.Truncate }
	return []loss{
		{nothingLost, choose(func(int, faultfs.Step) bool { return true })},
		{"all lost", choose(func(int, faultfs.Step) bool { return false })},
		{"data lost, names not", choose(func(_ int, s faultfs.Step) bool { return !data(s) })},
		{"names lost, data not", choose(func(_ int, s faultfs.Step) bool { return data(s) })},
		{"only the last arrived", choose(func(i int, _ faultfs.Step) bool { return i == n-1 })},
		{"only the last lost", choose(func(i int, _ faultfs.Step) bool { return i != n-1 })},
		{"lengths without data", func(int, faultfs.Step) faultfs.Fate { return faultfs.Zeroed }},
		{"journals arrived", choose(func(_ int, s faultfs.Step) bool { return strings.Contains(s.Name, "-") })},
		{"all but journals", choose(func(_ int, s faultfs.Step) bool { return !strings.Contains(s.Name, "-") })},
		{"any, torn, first chance", random(1)},
		{"any, torn, second", random(2)},
		{"any, torn, third", random(3)},
	}
}

// loss is what becomes of the steps that were not synced.
type loss struct {
	name string
	fate func(int, faultfs.Step) faultfs.Fate
}

const nothingLost = "nothing lost"

// The power goes before every step of a build, and with it, of what was not synced, anything or
// all. What was committed is there all the same, and the build goes on to the same archive.
func TestPowerCut(t *testing.T) {
	eachDrill(t, 24, func(t *testing.T, d drill, o outcome, try func(n, of int) bool) {
		files := d.begin(t)
		steps, committed := d.record(t, files)
		cuts := 0
		for n := range len(steps) + 1 {
			if !try(n, len(steps)) && n < len(steps)-6 { // the last are the finishing
				continue
			}
			all := losses(n)
			if os.Getenv(drillVar) == "" { // one after the other, with the steps
				all = all[cuts%len(all):][:1]
			}
			for _, l := range all {
				last := committed(n)
				if d.options.Growing && l.name != nothingLost {
					last = min(last, 0) // a WAL may lose its last transactions with the power
				}
				if err := d.check(t, faultfs.After(files, steps, n, l.fate), o, last); err != nil {
					t.Errorf("before step %d of %d, %s: %v\n%s", n, len(steps), l.name, err, tell(steps, n))
				}
				cuts++
			}
		}
		t.Logf("%d power cuts in %d steps", cuts, len(steps))
	})
}

// A process is killed at every step of its build. What it committed is there, and the next goes on
// to the same archive.
func TestKilledAtEveryStep(t *testing.T) {
	eachDrill(t, 6, func(t *testing.T, d drill, o outcome, try func(n, of int) bool) {
		files := d.begin(t)
		steps, committed := d.record(t, files)
		kills := 0
		for n := range steps {
			if !try(n, len(steps)) {
				continue
			}
			f, _, end := d.disturb(t, files, func(i int, _ faultfs.Step, kill func()) syscall.Errno {
				if i < n {
					return 0
				}
				kill()
				return syscall.EINTR
			})
			if !end.killed {
				t.Errorf("step %d: not killed: %v", n, end.err)
			}
			if err := d.check(t, f.Files(), o, committed(n)); err != nil {
				t.Errorf("killed at step %d of %d: %v\n%s", n, len(steps), err, tell(f.Steps(), n))
			}
			kills++
		}
		t.Logf("%d kills in %d steps", kills, len(steps))
	})
}

// The disk is full from one step on, or just at one. The error says so, what was committed is
// there, and with room again the build goes on.
func TestFullAtEveryStep(t *testing.T) {
	eachDrill(t, 4, func(t *testing.T, d drill, o outcome, try func(n, of int) bool) {
		files := d.begin(t)
		steps, committed := d.record(t, files)
		refusals := 0
		for n, s := range steps {
			if !s.Grows || !try(n, len(steps)) {
				continue
			}
			for _, once := range []bool{false, true} {
				refused := 0
				f, _, end := d.disturb(t, files, func(i int, s faultfs.Step, _ func()) syscall.Errno {
					if i < n || !s.Grows || once && refused > 0 {
						return 0
					}
					refused++
					return syscall.ENOSPC
				})
				err := d.check(t, f.Files(), o, committed(n))
				// Why a file could not be made SQLite keeps to itself, and once there is room again
				// nobody can tell.
				untold := once && s.Kind == faultfs.Create
				if end.err != nil && !end.full && !untold {
					err = fmt.Errorf("it does not say that the disk is full: %w", end.err)
				} else if end.err == nil && refused > 0 && !once {
					err = errors.New("the build went through on a full disk")
				}
				if err != nil {
					t.Errorf("full at step %d of %d, once %v: %v\n%s", n, len(steps), once, err, tell(f.Steps(), n))
				}
				refusals += refused
			}
		}
		t.Logf("%d refusals in %d steps", refusals, len(steps))
	})
}

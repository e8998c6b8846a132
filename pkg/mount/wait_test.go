//go:build linux

package mount

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestWait(t *testing.T) { synctest.Test(t, testWait) }

func testWait(t *testing.T) {
	never, closed := make(chan struct{}), make(chan struct{})
	close(closed)
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	// No thread has a number this high (PID_MAX_LIMIT); that of a dead one may be another's by now.
	self, gone := uint32(os.Getpid()), uint32(1<<22+1)
	for name, c := range map[string]struct {
		request       context.Context
		tid           uint32
		done, closing chan struct{}
		limit         time.Duration
		want          outcome
	}{
		"done": {t.Context(), self, closed, never, time.Hour, ready},
		"deadline": {t.Context(), self, never, never, time.Millisecond,
			late},
		"closing": {t.Context(), self, never, closed, time.Hour, late},
		"interrupted, until the deadline": {interrupted, self, never, never, 3 * pollInterval,
			late},
		"interrupted, caller gone": {interrupted, gone, never, never, time.Hour, killed},
		"interrupted, caller not to be seen": {interrupted, 0, never, never, 2 * pollInterval,
			late},
	} {
		if got := wait(c.request, c.tid, c.done, c.closing, c.limit); got != c.want {
			t.Errorf("%s: outcome %d, want %d", name, got, c.want)
		}
	}
}

func TestKillPending(t *testing.T) {
	const head = "Name:\tX-Plane\nState:\tD (disk sleep)\nThreads:\t1\nSigQ:\t0/63711\n"
	for name, c := range map[string]struct {
		status string
		want   bool
	}{
		"nothing": {head +
			"SigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\nSigBlk:\t0000000000000100\n",
			false},
		"kill, thread":  {head + "SigPnd:\t0000000000000100\nShdPnd:\t0000000000000000\n", true},
		"kill, process": {head + "SigPnd:\t0000000000000000\nShdPnd:\t0000000000000100\n", true},
		"kill and more": {head + "SigPnd:\t0000000000006101\nShdPnd:\t0000000000000000\n", true},
		"alarm": {head + "SigPnd:\t0000000000002000\nShdPnd:\t0000000000002000\n",
			false},
		"a name that lies": {"Name:\tSigPnd:\t0000000000000100\nSigPnd:\t0000000000000000\n",
			false},
		"empty":     {"", false},
		"no number": {"SigPnd:\nShdPnd:\txyz\n", false},
	} {
		if got := killPending([]byte(c.status)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

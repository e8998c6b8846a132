package mount

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strconv"
	"time"
)

// outcome is why a wait ended.
type outcome uint8

const (
	ready  outcome = iota // the result is there
	late                  // the deadline has passed
	killed                // the caller is being killed
)

// pollInterval is how often an interrupted caller is checked. The kernel interrupts a request only
// once, so a kill that follows a timer's signal would otherwise go unnoticed.
const pollInterval = 100 * time.Millisecond

// wait waits for done on behalf of thread tid, for limit at most, or until closing is closed.
//
// An interrupt of the request does not end the wait: most come from timers and profilers, and the
// simulator does not expect EINTR from open(2). Only a caller that is about to die is let go.
func wait(request context.Context, tid uint32, done, closing <-chan struct{},
	limit time.Duration) outcome {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	interrupted := request.Done()
	var poll <-chan time.Time
	for {
		select {
		case <-done:
			return ready
		case <-deadline.C:
			return late
		case <-closing:
			return late
		case <-interrupted:
			interrupted = nil
			ticker := time.NewTicker(pollInterval)
			defer ticker.Stop()
			poll = ticker.C
		case <-poll:
		}
		if poll != nil && dying(tid) {
			return killed
		}
	}
}

// dying reports whether SIGKILL is pending for thread tid or its process, or the thread is gone. An
// unknown thread (0: it is in another PID namespace) is not dying.
func dying(tid uint32) bool {
	if tid == 0 {
		return false
	}
	status, err := os.ReadFile("/proc/" + strconv.FormatUint(uint64(tid), 10) + "/status")
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	return killPending(status)
}

// killPending looks for SIGKILL in the text of /proc/PID/status.
func killPending(status []byte) bool {
	const sigkill = 1 << (9 - 1)
	for line := range bytes.Lines(status) {
		name, mask, _ := bytes.Cut(line, []byte(":"))
		if s := string(name); s != "SigPnd" && s != "ShdPnd" {
			continue
		}
		pending, err := strconv.ParseUint(string(bytes.TrimSpace(mask)), 16, 64)
		if err == nil && pending&sigkill != 0 {
			return true
		}
	}
	return false
}

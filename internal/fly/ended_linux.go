package fly

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/procfs"
)

const (
	// look is how often processes are looked at: no other process is told of X-Plane's end.
	look = time.Second
	// looks is how many times X-Plane must be seen gone: it starts itself again for some settings.
	looks = 5
)

// ended waits until the X-Plane in dir was seen running and has ended, and reports false if ctx
// ends before.
func ended(ctx context.Context, dir string) bool {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	every := time.NewTicker(look)
	defer every.Stop()
	for seen, gone := false, 0; gone < looks; {
		switch {
		case running(dir):
			seen, gone = true, 0
		case seen:
			gone++
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// running reports whether an X-Plane of that folder runs.
func running(dir string) bool {
	processes, _ := procfs.AllProcs()
	for _, p := range processes {
		exe, err := p.Executable()
		if err == nil && filepath.Dir(exe) == dir && strings.HasPrefix(filepath.Base(exe), "X-Plane") {
			return true
		}
	}
	return false
}

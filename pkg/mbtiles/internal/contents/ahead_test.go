package contents

import "testing"

func TestReadAheadIsBounded(t *testing.T) {
	t.Parallel()
	var a Ahead
	release := make(chan struct{})
	for range 10 {
		a.try(func() { <-release })
	}
	if a.busy != maxAhead {
		t.Errorf("%d at a time, want %d", a.busy, maxAhead)
	}
	close(release)
	a.close()
	a.try(func() { t.Error("begun after the end") })
}

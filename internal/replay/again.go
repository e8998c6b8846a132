package replay

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/xelpack/xelpack/internal/trace"
)

// Again does what "xelpack replay TRACE MOUNTPOINT --speed 0 --json" does, in a program that has no
// such command and starts itself for it: the tests of what seals.
func Again(ctx context.Context, file, mountpoint string, w io.Writer) error {
	var report Report
	var errRun error
	err := trace.Use(file, func(string) {}, func(r *trace.Reader) {
		report, errRun = Run(ctx, r.Events(), mountpoint, Options{})
	})
	return errors.Join(err, errRun, json.NewEncoder(w).Encode(report))
}

package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/usage"
)

// Validate returns what is wrong with options that a user gave as flags.
func (o Options) Validate() error {
	switch {
	case !(o.Speed >= 0):
		return usage.Errorf("--speed %v: must not be negative", o.Speed)
	case o.AtOnce < 1:
		return usage.Errorf("--at-once %d: must be positive", o.AtOnce)
	case o.Limit < 0:
		return usage.Errorf("--limit %v: must be positive", o.Limit)
	}
	return nil
}

// File is Run of the trace in a file. A report without opens is none.
func File(ctx context.Context, file, mountpoint string, o Options, note func(string)) (r Report,
	err error) {
	errFile := trace.Use(file, note, func(t *trace.Reader) {
		r, err = Run(ctx, t.Events(), mountpoint, o)
	})
	if errFile != nil {
		return Report{}, errFile
	}
	return r, err
}

// Err returns an error if requests failed.
func (r Report) Err() error {
	if r.Failed == 0 {
		return nil
	}
	return fmt.Errorf("replay: %s: %s", units.Plural(r.Failed, "request that failed"),
		strings.Join(r.Errors, "; "))
}

// Again does what "xelpack replay TRACE MOUNTPOINT --speed 0 --json" does, in a program that has no
// such command and starts itself for it: the tests of what seals.
func Again(ctx context.Context, file, mountpoint string, w io.Writer) error {
	r, err := File(ctx, file, mountpoint, Options{}, func(string) {})
	return errors.Join(err, json.NewEncoder(w).Encode(r))
}

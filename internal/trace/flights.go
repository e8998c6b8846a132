package trace

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/xelpack/xelpack/internal/realpath"
)

// CreateSynth makes a trace of flights, one after another, in a file that must not be there yet. It
// returns what the file's name leads to and how many events there are.
func CreateSynth(ctx context.Context, file string, flights []Synth) (real string, n int, err error) {
	if real, err = realpath.Of(file); err != nil { // what a link leads to may not be there yet
		return "", 0, fmt.Errorf("trace: %w", err)
	}
	f, err := os.OpenFile(real, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return "", 0, fmt.Errorf("trace: %w", err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	n, err = writeFlights(ctx, f, flights)
	return real, n, err
}

// writeFlights returns how many events it has written.
func writeFlights(ctx context.Context, w io.Writer, flights []Synth) (n int, err error) {
	buffered := bufio.NewWriter(w)
	e, err := NewEncoder(buffered, time.Now())
	if err != nil {
		return 0, err
	}
	var before time.Duration // when the flight before ended
	for _, flight := range flights {
		end := before
		for ev := range flight.Events() {
			ev.Start += before
			end = max(end, ev.Start+ev.Took)
			if err := e.Encode(ev); err != nil {
				return n, err
			}
			if n++; n%4096 == 0 && ctx.Err() != nil {
				return n, ctx.Err()
			}
		}
		before = end
	}
	return n, errors.Join(e.Flush(), buffered.Flush())
}

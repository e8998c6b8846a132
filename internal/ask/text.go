package ask

import (
	"context"
	"fmt"
	"strings"
)

// Text asks for a line of text. Without a terminal, or with yes for all, the answer is "".
func (a *Asker) Text(ctx context.Context, question string) (string, error) {
	if a.yes || a.lines == nil {
		return "", nil
	}
	fmt.Fprintf(a.out, "%s: ", question)
	go a.read() // stays when ctx ends, as in confirm
	select {
	case line := <-a.lines:
		return strings.TrimSpace(line), nil
	case <-ctx.Done():
		fmt.Fprintln(a.out)
		return "", ctx.Err()
	}
}

// Possible reports whether there is a terminal to ask at, or yes for all.
func (a *Asker) Possible() bool { return a.yes || a.lines != nil }

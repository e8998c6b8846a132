package observe

import (
	"fmt"
	"io"

	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// SayOutage tells a person at the terminal that the work waits, and when it continues. It starts
// with a new line, because a progress bar may be on the current one.
func SayOutage(w io.Writer, o fetch.Outage) {
	if o.Down {
		fmt.Fprintf(w, "\nwaiting: %s %s; the build continues when it sends imagery; it can also "+
			"be interrupted and continued later\n",
			o.Host, words.Plain(fetch.Explain(o.Cause)))
		return
	}
	fmt.Fprintf(w, "\n%s answers again after %s\n", o.Host, units.Duration(o.Lasted))
}

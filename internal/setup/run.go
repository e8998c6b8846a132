package setup

import (
	"context"
	"fmt"
	"io"

	"github.com/xelpack/xelpack/internal/ask"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/xplane"
)

// Run asks for each change, makes those that are agreed to, and says on out what was done.
func Run(ctx context.Context, o Options, asker *ask.Asker, out io.Writer) error {
	if o.Undo {
		said, err := Undo(o.Config)
		for _, text := range said {
			fmt.Fprintln(out, text)
		}
		return err
	}
	if _, err := xplane.Find(o.XPlane, o.Home); err != nil {
		return err // before anything is asked
	}
	if o.SimBrief == "" && !o.DryRun {
		var err error
		if o.SimBrief, err = asker.Text(ctx,
			"SimBrief user, name or pilot ID (Enter for none)"); err != nil {
			return err
		}
	}
	p, err := Make(ctx, o)
	if err != nil {
		return err
	}
	done, asks := 0, !o.DryRun && asker.Possible()
	p.WriteText(out, !asks)
	if asks {
		done, err = p.Apply(ctx, asker.Confirm)
	}
	if len(p.Changes) > 0 {
		fmt.Fprintf(out, "%s made\n", units.Plural(done, "change"))
	}
	if len(p.Changes) > 0 && !asks && !o.DryRun {
		fmt.Fprintln(out, "there is no terminal to ask at: --yes makes all changes")
	}
	return err
}

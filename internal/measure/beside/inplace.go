package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/measure"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// inPlace compares a mount over its package with one beside it. The package is an empty folder.
func inPlace(ctx context.Context, m *mounts) ([]row, error) {
	raw, err := m.whole(ctx, mbtiles.None)
	if err != nil {
		return nil, err
	}
	empty := filepath.Join(m.Dir, "empty")
	if err := errors.Join(os.MkdirAll(empty, 0o777), measure.Warm(raw)); err != nil {
		return nil, err
	}
	var rows []row
	for _, of := range []struct {
		what string
		load load
		text func(*candidate) (float64, string)
	}{
		{"whole textures, raw, 4 readers", readWhole(4),
			func(c *candidate) (float64, string) { return c.speed(), fmt.Sprintf("%.2f GB/s", c.speed()) }},
		{"header + tail, random textures, 50 in flight, raw", readTails(wholeTextures, 4*tailTextures, 50),
			func(c *candidate) (float64, string) {
				return c.rate(), fmt.Sprintf("%.0f textures/s", c.rate())
			}},
	} {
		over := m.serves("in place", m.Program, "mount", "--live", "off", raw, "--scenery", "@")
		beside := m.serves("beside", m.Program, "mount", "--live", "off", "--scenery", empty, raw, "@")
		if err := m.turns(ctx, of.load, over, beside); err != nil {
			return nil, err
		}
		quick, text := of.text(over)
		other, otherText := of.text(beside)
		rows = append(rows, row{"in place: " + of.what, "no slower than beside (100 %)",
			fmt.Sprintf("%.0f %%: %s", 100*quick/other, text), "beside the package " + otherText})
	}
	return rows, nil
}

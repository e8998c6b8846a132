package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/measure"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// cgofuse puts the driver of Windows' mounts, which runs over libfuse 2 here, beside go-fuse.
func cgofuse(ctx context.Context, m *mounts) ([]row, error) {
	if exec.CommandContext(ctx, "pkg-config", "--exists", "fuse").Run() != nil {
		return []row{{"through cgofuse", "", "not installed: libfuse-dev", ""}}, nil
	}
	program := filepath.Join(m.Dir, "xelpack-cgofuse")
	if err := m.build(ctx, program, "-tags", "winfsp"); err != nil {
		return nil, err
	}
	raw, err := m.whole(ctx, mbtiles.None)
	if err != nil {
		return nil, err
	}
	fast, err := m.whole(ctx, mbtiles.Fast)
	if err != nil {
		return nil, err
	}
	tails, err := m.tails(ctx)
	if err != nil {
		return nil, err
	}
	names, err := m.names(ctx, manyNames)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(measure.Warm(raw), measure.Warm(fast), measure.Warm(tails)); err != nil {
		return nil, err
	}
	var rows []row
	for _, of := range []struct {
		what, archive, format string
		load                  load
		rate                  func(*candidate) float64
	}{
		{"whole textures, raw, 4 readers", raw, "%.2f GB/s", readWhole(4), (*candidate).speed},
		{"whole textures, compressed (xelpack fast), 4 readers", fast, "%.2f GB/s", readWhole(4),
			(*candidate).speed},
		{"header + tail, random textures, 50 in flight, compressed (xelpack fast)", tails,
			"%.0f textures/s", readTails(tailTextures, 4*tailTextures, 50), (*candidate).rate},
		{"stat of 50,000 names, each once", names, "%.0f/s", statAll, (*candidate).rate},
	} {
		ours := m.xelpack("go-fuse", of.archive)
		other := m.serves("cgofuse", program, "mount", of.archive, "@")
		if err := m.turns(ctx, of.load, ours, other); err != nil {
			return nil, err
		}
		rows = append(rows, row{"through cgofuse: " + of.what, "",
			fmt.Sprintf("%.0f %%: "+of.format, 100*of.rate(other)/of.rate(ours), of.rate(other)),
			fmt.Sprintf("go-fuse "+of.format, of.rate(ours))})
	}
	return rows, nil
}

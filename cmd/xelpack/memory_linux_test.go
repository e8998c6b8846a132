package main

import (
	"encoding/json"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/units"
)

// 64 full textures, 16,384 chunks, from a local server, in under 400 MB of memory. It is not run
// beside others: to the kernel, a process has needed what the one that started it needs.
func TestMemoryOfAFullBuild(t *testing.T) {
	skipIfShort(t)
	server := farmServer(t)
	file := filepath.Join(t.TempDir(), "a.mbtiles")
	cmd := command(t.Context(), t, "build", "--bbox", "7.0,43.5,7.6,43.9", "--provider", server.Template(), "-o", file, "--json")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var r pack.Report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	if r.Built != 64 || r.Chunks.OK != 16384 {
		t.Fatalf("report %+v, want 64 textures of 16,384 chunks", r)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	peak := usage.Maxrss * 1024
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	t.Logf("peak memory %s; %.1f s, %.2f textures a second and core", units.Bytes(peak), r.ElapsedSeconds, 64/cpu.Seconds())
	if peak > 400e6 {
		t.Errorf("peak memory %s, want under 400 MB", units.Bytes(peak))
	}
}

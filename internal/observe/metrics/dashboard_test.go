package metrics

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/pkg/mount"
)

// Every metric that the Grafana dashboard draws is one that a build or a mount really has.
func TestDashboardDrawsWhatThereIs(t *testing.T) {
	mounttest.NeedFUSE(t)
	text, err := os.ReadFile("../../../contrib/grafana/xelpack.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	var s observe.Sources
	m := New(&s)
	p, _ := pipeline(t, &s, m, nil, pack.Options{})
	built, err := p.Texture(t.Context(), item(0))
	if err != nil {
		t.Fatal(err)
	}
	built.Release()
	f, err := mount.Mount(t.Context(), t.TempDir(), mount.Options{Observer: m})
	if err != nil {
		t.Fatal(err)
	}
	s.Mount.Store(f)
	known := map[string]bool{
		"xelpack_stored_bytes_total":  true, // needs a writer
		"xelpack_fuse_kernel_waiting": true, // needs the FUSE control file system
	}
	for line := range scrape(t, m) {
		name, _, _ := strings.Cut(line, "{")
		known[name] = true
	}
	if err := f.Unmount(t.Context()); err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\b(xelpack|go|process)_[a-z_]+`)
	drawn := 0
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			for _, name := range names.FindAllString(target.Expr, -1) {
				drawn++
				if !known[name] {
					t.Errorf("%s: there is no %s", panel.Title, name)
				}
			}
		}
	}
	if drawn < 30 {
		t.Errorf("%d metrics drawn: is the dashboard whole?", drawn)
	}
}

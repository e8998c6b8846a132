package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/xplane"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/scenery"
)

// Options say what Examine looks at: what a mount is given.
type Options struct {
	Archives  []string
	Scenery   []string
	XPlane    string // X-Plane's folder; "": where its installer noted it
	Imagery   imagery.Options
	ErrConfig error // what is wrong with the user's defaults
	Memory    int64 // that the mount takes
	LiveCache int64 // bytes of disk that live textures may take
}

// Examine looks at everything.
func Examine(ctx context.Context, o Options) []Finding {
	findings := FUSE(ctx)
	findings = append(findings, Limits(), Memory(o.Memory))
	if cache, err := os.UserCacheDir(); err == nil {
		keep, _ := o.Imagery.KeepBytes() // Validate reports errors
		findings = append(findings, Disk(filepath.Join(cache, "xelpack"), keep+o.LiveCache))
	}
	known, errCatalogue := imagery.Catalogue()
	findings = append(findings, Config(o.ErrConfig, errCatalogue))

	packages, about := examineScenery(ctx, o.Scenery)
	findings = append(findings, about...)
	var archives []*mbtiles.Archive
	for _, file := range o.Archives {
		a, f := Archive(ctx, file)
		if a != nil {
			defer func() { _ = a.Close() }()
			archives = append(archives, a)
		}
		findings = append(findings, f)
	}
	coverage, whole := Coverage(packages, archives)
	findings = append(findings, coverage)
	if errCatalogue == nil {
		findings = append(findings,
			examineProvider(ctx, o.Imagery, known, packages, archives, !whole))
	}
	return append(findings, examineXPlane(ctx, o.XPlane, o.Scenery)...)
}

func unsaid(string) {}

func examineScenery(ctx context.Context,
	dirs []string) (packages []*scenery.Package, findings []Finding) {
	for _, dir := range dirs {
		opened, err := plan.OpenScenery(ctx, []string{dir}, nil, unsaid)
		packages = append(packages, opened...)
		if err != nil {
			findings = append(findings, Scenery(ctx, dir, nil, err))
			continue
		}
		findings = append(findings, Scenery(ctx, dir, opened[0], nil))
	}
	return packages, findings
}

// examineProvider asks the provider that a mount would ask for one image: of ground that the
// scenery has, if there is any.
func examineProvider(
	ctx context.Context, o imagery.Options, known *providers.Catalogue, packages []*scenery.Package, archives []*mbtiles.Archive, needed bool,
) Finding {
	if o.Offline {
		return notAsked("--offline")
	}
	p, err := o.Lookup(plan.Named(packages, archives), unsaid)
	if err != nil {
		return Provider(o.Provider, "", err, needed)
	}
	at := p.Somewhere(orb.Point{7.1, 43.6})
	if len(packages) > 0 && len(packages[0].Textures()) > 0 {
		at = packages[0].Textures()[0].Center()
	}
	const patience = 20 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	trial, err := imagery.Try(ctx, known, p, at)
	said := trial.String()
	if errors.Is(err, fetch.ErrNoImagery) {
		said, err = "it answers, and has no imagery at the place that was asked for", nil
	}
	return Provider(p.ID, said, err, needed)
}

func examineXPlane(ctx context.Context, dir string, sceneries []string) []Finding {
	const s = subject("X-Plane")
	home, err := os.UserHomeDir()
	if err != nil && dir == "" {
		return []Finding{s.skipped("not found; name its folder with --xplane")}
	}
	x, err := xplane.Find(dir, home)
	switch {
	case err != nil && dir == "":
		return []Finding{s.skipped(err.Error())}
	case err != nil:
		return []Finding{s.failure("name X-Plane's own folder: --xplane DIR", "%v", err)}
	}
	return append(XPlane(ctx, x, sceneries), lastFlight(ctx, x)...)
}

// WriteText writes findings for people.
func WriteText(w io.Writer, findings []Finding) error {
	for _, f := range findings {
		text := fmt.Sprintf("%-8s %-14s %s\n", f.Verdict, f.Subject, f.Detail)
		if f.Remedy != "" {
			text += strings.Repeat(" ", 24) + "→ " + f.Remedy + "\n"
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

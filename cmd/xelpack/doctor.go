package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/doctor"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/scenery"
)

// doctorOptions are the flags of doctor.
type doctorOptions struct {
	imagery imagery.Options
	Scenery []string
	XPlane  string
	JSON    bool

	errConfig error // of the user's defaults
}

func newDoctorCommand() *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor [ARCHIVE...] [--scenery DIR...]",
		Short: "Look for what would keep a mount from working",
		Long: `Looks at FUSE (with a trial mount), limits, memory and disk, at the archives and the scenery packages given, asks the provider for one image, and reads the
order of X-Plane's scenery_packs.ini; says of each how it is and what to do about it. Nothing is changed.

Give it the archives, --scenery and --provider that the mount is given. X-Plane is found where its installer noted it, or at --xplane.
Exits with 0 when nothing is a failure, warnings or not, and with 1 otherwise.`,
		Example: `  xelpack doctor
  xelpack doctor flight.mbtiles --scenery ~/scenery/zzXEL_eur_ortho --xplane "~/X-Plane 12"`,
		// Defaults that are wrong are a finding.
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			o.errConfig = applyDefaults(cmd)
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runDoctor(cmd.Context(), o, args, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.Scenery, "scenery", nil, "scenery package `DIR` to look at; may be repeated")
	f.StringVar(&o.XPlane, "xplane", "", "X-Plane's `DIR` (default where its installer noted it)")
	f.BoolVar(&o.JSON, "json", false, "print JSON")
	registerImagery(f, &o.imagery)
	return cmd
}

var errIll = errors.New("something would keep a mount from working")

func runDoctor(ctx context.Context, o doctorOptions, files []string, stdout io.Writer) error {
	if err := o.imagery.Validate(); err != nil {
		return err
	}
	cacheBytes, err := units.ParseBytes(defaultMemoryCache)
	if err != nil {
		return err
	}
	findings := doctor.FUSE(ctx)
	findings = append(findings, doctor.Limits(), doctor.Memory(mountMemory(cacheBytes, max(1, len(files)))))
	if cache, err := os.UserCacheDir(); err == nil {
		keep, _ := o.imagery.KeepBytes() // Validate has looked at it
		live, err := units.ParseBytes(defaultDiskCache)
		if err != nil {
			return err
		}
		findings = append(findings, doctor.Disk(filepath.Join(cache, "xelpack"), keep+live))
	}
	known, errCatalogue := imagery.Catalogue()
	findings = append(findings, doctor.Config(o.errConfig, errCatalogue))

	packages, about := examineScenery(ctx, o.Scenery)
	findings = append(findings, about...)
	var archives []*mbtiles.Archive
	for _, file := range files {
		a, f := doctor.Archive(ctx, file)
		if a != nil {
			defer func() { _ = a.Close() }()
			archives = append(archives, a)
		}
		findings = append(findings, f)
	}
	coverage, whole := doctor.Coverage(packages, archives)
	findings = append(findings, coverage)
	if errCatalogue == nil {
		findings = append(findings, o.examineProvider(ctx, known, packages, archives, !whole))
	}
	findings = append(findings, examineXPlane(ctx, o.XPlane, o.Scenery)...)
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := writeFindings(stdout, findings, o.JSON); err != nil {
		return err
	}
	if doctor.Worst(findings) == doctor.Failure {
		return errIll
	}
	return nil
}

func examineScenery(ctx context.Context, dirs []string) (packages []*scenery.Package, findings []doctor.Finding) {
	for _, dir := range dirs {
		opened, err := plan.OpenScenery(ctx, []string{dir}, nil, unsaid)
		packages = append(packages, opened...)
		if err != nil {
			findings = append(findings, doctor.Scenery(dir, nil, err))
			continue
		}
		findings = append(findings, doctor.Scenery(dir, opened[0], nil))
	}
	return packages, findings
}

// examineProvider asks the provider that a mount would ask for one image: of ground that the
// scenery has, if there is any.
func (o doctorOptions) examineProvider(
	ctx context.Context, known *providers.Catalogue, packages []*scenery.Package, archives []*mbtiles.Archive, needed bool,
) doctor.Finding {
	if o.imagery.Offline {
		return doctor.NotAsked("--offline")
	}
	p, err := o.imagery.Lookup(plan.Named(packages, archives), unsaid)
	if err != nil {
		return doctor.Provider(o.imagery.Provider, "", err, needed)
	}
	at := p.Somewhere(defaultAt)
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
	return doctor.Provider(p.ID, said, err, needed)
}

func examineXPlane(ctx context.Context, dir string, sceneries []string) []doctor.Finding {
	if dir == "" {
		if home, err := os.UserHomeDir(); err == nil {
			dir = doctor.FindXPlane(home)
		}
	}
	if dir == "" {
		return []doctor.Finding{{Subject: "X-Plane", Verdict: doctor.Skipped, Detail: "not found; name its folder with --xplane"}}
	}
	return doctor.XPlane(ctx, dir, sceneries)
}

func writeFindings(w io.Writer, findings []doctor.Finding, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(findings)
	}
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

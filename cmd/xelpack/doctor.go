package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/doctor"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/serve"
	"github.com/xelpack/xelpack/internal/units"
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
	live, err := units.ParseBytes(defaultDiskCache)
	if err != nil {
		return err
	}
	findings := doctor.Examine(ctx, doctor.Options{
		Archives: files, Scenery: o.Scenery, XPlane: o.XPlane, Imagery: o.imagery, ErrConfig: o.errConfig,
		Memory: serve.Memory(cacheBytes, max(1, len(files))), LiveCache: live,
	})
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

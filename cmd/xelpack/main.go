// Command xelpack packs X-Plane ground textures into one archive before the flight, and serves them
// from it during the flight.
//
//	xelpack build --route flight.geojson --scenery "Custom Scenery/zzXEL_eur_ortho" -o flight.mbtiles
//	xelpack mount flight.mbtiles --scenery "Custom Scenery/zzXEL_eur_ortho"
//
// Every verb is one file of this package: a constructor of its command, its options with their
// flags, and a run function that tests call. Messages go to standard error, data to standard
// output.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/serve"
	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/internal/version"
)

func main() {
	if serve.ClearAfter(context.Background()) {
		return
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run executes one command line and returns its exit code.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal ends the work properly; a second one reaches the default handler and ends
	// the process.
	context.AfterFunc(ctx, stop)

	root := newRootCommand()
	cli.Complete(root, args)
	root.SetArgs(cli.ExpandHomes(args))
	root.SetOut(stdout)
	root.SetErr(stderr)
	code := exitCode(stderr, root.ExecuteContext(ctx))
	if h := shell.Misread(args); h != "" && code != exitDone {
		fmt.Fprintf(stderr, "hint: %s\n", h)
	}
	return code
}

const rootHelp = `xelpack packs X-Plane's ground textures before the flight and serves them during it.

The evening before:
  xelpack build --route flight.geojson --scenery "Custom Scenery/zzXEL_eur_ortho" -o flight.mbtiles
On the day:
  xelpack mount flight.mbtiles --scenery "Custom Scenery/zzXEL_eur_ortho"
or, on Windows, macOS and wherever nothing can be mounted:
  xelpack install flight.mbtiles --scenery "Custom Scenery/zzXEL_eur_ortho"
All of it at once: xelpack fly

Defaults for flags can be set in the environment (XELPACK_CONCURRENCY=64) or in
~/.config/xelpack/config.toml (concurrency = 64). A default is ignored where it does not
apply, such as a corridor without a route. An unknown name in either is an error.`

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "xelpack",
		Short:         "Ground imagery for X-Plane, packed before the flight",
		Long:          rootHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version.String(),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate(versionText())
	root.AddCommand(
		newPlanCommand(), newBuildCommand(), newRepairCommand(), newReplaceCommand(), newSealCommand(),
		newWorkerCommand(), newFarmCommand(),
		newFlyCommand(), newArchivesCommand(),
		newMountCommand(), newUmountCommand(), newInstallCommand(), newUninstallCommand(),
		newInfoCommand(), newListCommand(), newVerifyCommand(), newPreviewCommand(),
		newPublishCommand(), newServeCommand(), newGetCommand(), newSignCommand(), newKeyCommand(),
		newUICommand(),
		newExtractCommand(), newMergeCommand(), newDiffCommand(), newApplyCommand(),
		newPruneCommand(), newRepackCommand(), newImportCommand(), newExportCommand(),
		newEncodeCommand(), newDecodeCommand(),
		newTraceCommand(), newReplayCommand(), newBenchCommand(),
		newProvidersCommand(), newSetupCommand(), newDoctorCommand(), newVersionCommand(),
	)
	cli.Prepare(root, exitCodesHelp)
	return root
}

package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/daemon"
	"github.com/xelpack/xelpack/internal/hint"
	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mount"
)

func newUmountCommand() *cobra.Command {
	var lazy bool
	cmd := &cobra.Command{
		Use:   "umount MOUNTPOINT...",
		Short: "End a mount",
		Long: `Ends the mounts at MOUNTPOINT, of any xelpack process, and their daemons. A mount that a
dead process left behind is cleared. A mount in use is not ended, and the processes using
it are listed; --lazy detaches it anyway: open files are served until they are closed.`,
		Example: `  xelpack umount "Custom Scenery/zzXEL_eur_ortho"`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var errs []error
			for _, mountpoint := range args {
				errs = append(errs, runUmount(cmd.Context(), mountpoint, lazy, cmd.ErrOrStderr()))
			}
			return errors.Join(errs...)
		},
	}
	cmd.Flags().BoolVar(&lazy, "lazy", false, "detach it even if files are open")
	return cmd
}

func runUmount(ctx context.Context, mountpoint string, lazy bool, stderr io.Writer) error {
	err := mount.Unmount(mountpoint)
	if lazy && errors.Is(err, mount.ErrBusy) {
		words.Fprintf(stderr, "%v\n", err)
		return mount.Detach(mountpoint)
	}
	if errors.Is(err, mount.ErrBusy) {
		return hint.With(err, "close what uses it (the simulator, a file manager, a shell inside "+
			"it), then try again; or detach it: "+
			shell.Command("xelpack", "umount", "--lazy", mountpoint))
	}
	if err != nil {
		return err
	}
	return daemon.Await(ctx, mountpoint)
}

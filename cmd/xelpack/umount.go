package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"al.essio.dev/pkg/shellescape"
	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mount"
)

// endPatience is how long umount waits for the daemon to put its caches in order after the mount is
// gone.
const endPatience = 10 * time.Second

func newUmountCommand() *cobra.Command {
	var lazy bool
	cmd := &cobra.Command{
		Use:   "umount MOUNTPOINT...",
		Short: "End a mount",
		Long: `Ends the mounts at MOUNTPOINT, whichever xelpack serves them, and with them the daemons. A mount that a dead process left behind is cleared.
One that is in use is left alone, and who uses it is said; --lazy takes it out of sight all the same: what is open is served until it is closed.`,
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
	cmd.Flags().BoolVar(&lazy, "lazy", false, "also when files of it are open")
	return cmd
}

func runUmount(ctx context.Context, mountpoint string, lazy bool, stderr io.Writer) error {
	err := mount.Unmount(mountpoint)
	if lazy && errors.Is(err, mount.ErrBusy) {
		words.Fprintf(stderr, "%v\n", err)
		return mount.Detach(mountpoint)
	}
	if errors.Is(err, mount.ErrBusy) {
		return hinted{err, "close what uses it (the simulator, a file manager, a shell inside it), then try again; or take it out of sight: " +
			shellescape.QuoteCommand([]string{"xelpack", "umount", "--lazy", mountpoint})}
	}
	if err != nil {
		return err
	}
	return awaitDaemon(ctx, mountpoint)
}

// awaitDaemon waits until the daemon of a mountpoint, if there is one that left its number where
// umount looks, has ended.
func awaitDaemon(ctx context.Context, mountpoint string) error {
	file, err := stateFile(mountpoint, ".pid")
	if err != nil {
		return nil
	}
	pid := readPID(file)
	end := time.Now().Add(endPatience)
	for pid != 0 && alive(pid) && readPID(file) == pid {
		if time.Now().After(end) {
			return fmt.Errorf("%s is unmounted, but its process %d has not ended", mountpoint, pid)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

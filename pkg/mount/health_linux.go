package mount

import (
	"context"
	"errors"
	"os/exec"
)

// Health returns nil when the mount works: it is attached at its mountpoint, it answers, and one
// texture of each archive, a different one each time, can be read. The error is in words for
// people, without paths; details are in the log.
//
// It takes as long as the kernel or the disk takes, which may be for ever, whatever ctx says: call
// it from a goroutine that nothing waits for.
func (f *FS) Health(ctx context.Context) error {
	return errors.Join(f.answers(ctx), f.readable(ctx))
}

// answers asks the mount a question that the kernel never answers from memory. A child process
// asks: a process that waits for its own mount cannot be killed, because its exit would wait for
// the answer.
func (f *FS) answers(ctx context.Context) error {
	if ended(f.done) {
		return errors.New("the mount has ended")
	}
	if !f.attached() {
		return errors.New("the mountpoint no longer shows this mount: it was unmounted, or " +
			"something was mounted over it")
	}
	stat, err := exec.LookPath("stat")
	if err != nil {
		return nil // no process to ask with
	}
	if err := exec.CommandContext(ctx, stat, "-f", "--", f.mountpoint).Run(); err != nil {
		f.log.Error("the mount does not answer", "error", err)
		return errors.New("the mount does not answer")
	}
	return nil
}

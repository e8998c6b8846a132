package mounts

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/testing/patience"
)

// A program that does not end keeps nobody waiting, nor does what it has started.
func TestRunPatiently(t *testing.T) {
	if err := runPatiently(patience.For(t), exec.Command("true")); err != nil {
		t.Error(err)
	}
	if err := runPatiently(patience.For(t),
		exec.Command("sh", "-c", "echo not so >&2; exit 3")); err == nil ||
		!strings.Contains(err.Error(), "not so") {
		t.Errorf("a failure: %v", err)
	}
	for what, script := range map[string]string{"hangs": "exec sleep 3600",
		"leaves a child behind": "sleep 3600 & echo $!; wait"} {
		done := make(chan error, 1)
		go func() { done <- runPatiently(100*time.Millisecond, exec.Command("sh", "-c", script)) }()
		select {
		case err := <-done:
			if err == nil || !strings.Contains(err.Error(), "has not ended") {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(patience.For(t)):
			t.Errorf("%s: it is waited for", what)
		}
	}
}

// A process that is killed while its mount is asked is dead like any other: what clears mounts
// would otherwise leave this one.
func TestAskOneThatDies(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root mounts without fusermount")
	}
	device, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("no FUSE here: ", err)
	}
	dir := t.TempDir()
	if err := unix.Mount("dying", dir, "fuse", 0,
		fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", device)); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Unmount(dir, unix.MNT_DETACH) }()
	request := make([]byte, 1<<17)
	next := func(opcode uint32) {
		if _, err := unix.Read(device, request); err != nil {
			t.Fatal(err)
		}
		if got := binary.NativeEndian.Uint32(request[4:]); got != opcode {
			t.Fatalf("the kernel asks for operation %d, want %d", got, opcode)
		}
	}
	const initialize, statfs = 26, 17 // of linux/fuse.h
	next(initialize)
	reply := make([]byte, 16+64) // fuse_out_header, fuse_init_out
	binary.NativeEndian.PutUint32(reply, uint32(len(reply)))
	copy(reply[8:], request[8:16])                     // the number of the request
	copy(reply[16:], request[40:48])                   // the protocol as the kernel has it
	binary.NativeEndian.PutUint32(reply[16+20:], 4096) // of a write at most
	if _, err := unix.Write(device, reply); err != nil {
		t.Fatal(err)
	}
	asked := make(chan error, 1)
	go func() { asked <- Ask(t.Context(), dir) }()
	next(statfs)
	if err := unix.Close(device); err != nil {
		t.Fatal(err)
	}
	if err := <-asked; !errors.Is(err, unix.ENOTCONN) {
		t.Errorf("a mount whose process ended: %v", err)
	}
}

//go:build linux

// Package pty gives tests a terminal to write to.
package pty

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Open opens a pseudo-terminal so many columns wide.
func Open(t *testing.T, columns uint16) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("there are no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	fd := int(master.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: 24})
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slave.Close() })
	return master, slave
}

// ReadUntil reads what is shown until want is in it.
func ReadUntil(t *testing.T, master *os.File, want string) string {
	t.Helper()
	var shown strings.Builder
	buf := make([]byte, 1000)
	for !strings.Contains(shown.String(), want) {
		n, err := master.Read(buf)
		if err != nil {
			t.Fatalf("%q was shown, waiting for %q: %v", shown.String(), want, err)
		}
		shown.Write(buf[:n])
	}
	return shown.String()
}

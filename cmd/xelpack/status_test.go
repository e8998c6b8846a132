//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/testing/patience"
)

// terminal opens a pseudo-terminal so many columns wide.
func terminal(t *testing.T, columns uint16) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("there are no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
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
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

// readUntil reads what is shown until it ends with want.
func readUntil(t *testing.T, master *os.File, want string) string {
	t.Helper()
	var shown strings.Builder
	buf := make([]byte, 1000)
	for !strings.HasSuffix(shown.String(), want) {
		n, err := master.Read(buf)
		if err != nil {
			t.Fatalf("%q was shown, waiting for %q: %v", shown.String(), want, err)
		}
		shown.Write(buf[:n])
	}
	return shown.String()
}

func TestStatusLineOnTerminal(t *testing.T) {
	for columns, want := range map[uint16]string{80: "ten so far", 6: "ten s", 0: "ten so far"} {
		master, slave := terminal(t, columns)
		s := newStatusLine(slave)
		s.every = time.Hour // once
		s.show(func() string { return "ten so far" })
		readUntil(t, master, want)
		fmt.Fprintln(s, "a message")
		if got := readUntil(t, master, want); got != "\r\x1b[Ka message\r\n"+want {
			t.Errorf("%d columns: with a message %q is shown", columns, got)
		}
		if s.hungUp() {
			t.Error("it hung up")
		}
		s.clear()
		readUntil(t, master, "\r\x1b[K")
		master.Close()
		patience.Until(t, "with its terminal closed it has hung up", s.hungUp)
	}
}

func TestStatusLineInPipe(t *testing.T) {
	var out bytes.Buffer
	s := newStatusLine(&out)
	s.show(func() string { return "ten so far" })
	fmt.Fprintln(s, "a message")
	s.clear()
	if out.String() != "a message\n" || s.hungUp() {
		t.Errorf("%q, hung up %v", &out, s.hungUp())
	}
}

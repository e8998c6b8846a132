//go:build linux

package progress

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/pty"
)

func TestStatusLineOnTerminal(t *testing.T) {
	for columns, want := range map[uint16]string{80: "ten so far", 6: "ten s", 0: "ten so far"} {
		master, slave := pty.Open(t, columns)
		s := NewStatusLine(slave)
		s.every = time.Hour // once
		s.Show(func() string { return "ten so far" })
		pty.ReadUntil(t, master, want)
		fmt.Fprintln(s, "a message")
		if got := pty.ReadUntil(t, master, want); got != "\r\x1b[Ka message\r\n"+want {
			t.Errorf("%d columns: with a message %q is shown", columns, got)
		}
		if s.HungUp() {
			t.Error("it hung up")
		}
		s.Clear()
		pty.ReadUntil(t, master, "\r\x1b[K")
		master.Close()
		patience.Until(t, "with its terminal closed it has hung up", s.HungUp)
	}
}

func TestStatusLineInPipe(t *testing.T) {
	var out bytes.Buffer
	s := NewStatusLine(&out)
	s.Show(func() string { return "ten so far" })
	fmt.Fprintln(s, "a message")
	s.Clear()
	if out.String() != "a message\n" || s.HungUp() {
		t.Errorf("%q, hung up %v", &out, s.HungUp())
	}
}

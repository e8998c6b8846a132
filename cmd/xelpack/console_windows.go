package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// A console of Windows 10 and later understands the sequences that progress is drawn with, once it
// is told to expect them.
func init() {
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		var mode uint32
		if console := windows.Handle(f.Fd()); windows.GetConsoleMode(console, &mode) == nil {
			// an older one shows them as they are
			_ = windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING)
		}
	}
}

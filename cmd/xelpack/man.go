//go:build man

package main

import (
	"os"

	"github.com/spf13/cobra/doc"
)

// The manual pages are made with `go run -tags man ./cmd/xelpack DIR`, so that the program
// itself does not contain their maker.
func init() {
	root := newRootCommand()
	root.DisableAutoGenTag = true // the date
	if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "xelpack", Manual: "xelpack"}, os.Args[1]); err != nil {
		panic(err)
	}
	os.Exit(0)
}

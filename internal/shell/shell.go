// Package shell writes commands that messages tell people to type. They can be pasted as they are
// into the shells of the system: POSIX shells, or cmd and PowerShell.
package shell

import (
	"runtime"
	"strings"
	"unicode"

	"al.essio.dev/pkg/shellescape"
)

// Misread returns what to do about arguments that the system has cut up otherwise than they were
// meant, or "". On Windows the \" of "C:\X-Plane 12\" is a part of the name, and so is what
// follows.
func Misread(args []string) string { return here.misread(args) }

func (d dialect) misread(args []string) string {
	for _, arg := range args {
		if name, after, found := strings.Cut(arg, `"`); d.quotes && found {
			return "no name has a \" in it, as " + name + `"` + after + ` has: leave out the \ before the ` +
				`closing quote: ` + d.quote(name)
		}
	}
	return ""
}

// dialect is how the shells of a system are written.
type dialect struct {
	quote  func(string) string
	folder []string // makes a folder and its parents
	move   string
	quotes bool // programs take a \ before a closing quote for a quote that is meant
}

var (
	posix   = dialect{shellescape.Quote, []string{"mkdir", "-p"}, "mv", false}
	windows = dialect{forWindows, []string{"mkdir"}, "move", true}
)

// here is the dialect of this system.
var here = of(runtime.GOOS)

func of(system string) dialect {
	if system == "windows" {
		return windows
	}
	return posix
}

// Quote returns one argument of a command.
func Quote(arg string) string { return here.quote(arg) }

// Command returns a command with its arguments.
func Command(words ...string) string { return here.command(words...) }

// MakeFolder returns the command that makes a folder and its parents.
func MakeFolder(path string) string {
	return here.command(append(here.folder[:len(here.folder):len(here.folder)], path)...)
}

// Move returns the command that renames a file.
func Move(from, to string) string { return here.command(here.move, from, to) }

func (d dialect) command(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = d.quote(w)
	}
	return strings.Join(quoted, " ")
}

// forWindows quotes for cmd and PowerShell alike: both know double quotes, which no name contains.
// PowerShell replaces $ and ` in them; then only its own single quotes are right, which cmd does
// not know.
func forWindows(arg string) string {
	switch {
	case arg != "" && !strings.ContainsFunc(arg, special):
		return arg
	case strings.ContainsAny(arg, "$`"):
		return "'" + strings.ReplaceAll(arg, "'", "''") + "'"
	}
	// programs take a backslash before the closing quote for a part of the text
	body := strings.TrimRight(arg, `\`)
	return `"` + arg + arg[len(body):] + `"`
}

func special(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(`\/:._-+`, r)
}

package filesys

import (
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// CheckPath returns why no file can have that path on this system. Windows takes some such names
// for devices or hidden streams instead of refusing them.
func CheckPath(path string) error {
	if runtime.GOOS != "windows" {
		return nil
	}
	return checkWindows(path[len(filepath.VolumeName(path)):])
}

// device matches names of devices, with any extension.
var device = regexp.MustCompile(`(?i)^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)`)

// checkWindows checks a path without its drive.
func checkWindows(path string) error {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' })
	for _, name := range parts {
		switch {
		case name == "." || name == "..":
		case device.MatchString(name):
			return fmt.Errorf("%s is a device's name on Windows: choose another name", name)
		case strings.ContainsFunc(name,
			func(r rune) bool { return r < ' ' || strings.ContainsRune(`<>:"|?*`, r) }):
			return fmt.Errorf(`%s is not a name on Windows, which allows none of < > : " | ? *: `+
				"choose another name", name)
		case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
			return fmt.Errorf("%q is not a name on Windows, which drops a dot or blank at the end: "+
				"choose another name", name)
		}
	}
	return nil
}

package filesys

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckWindows(t *testing.T) {
	for path, want := range map[string]string{
		`\Flights\LSGG–LFMN 12.30.mbtiles`: "",
		`..\.\a.mbtiles`:                   "",
		`console\com10\nullable.mbtiles`:   "",
		`a\LSGG>LFMN.mbtiles`:              "LSGG>LFMN.mbtiles is not a name on Windows",
		`a\12:30.mbtiles`:                  "12:30.mbtiles is not a name on Windows",
		"what?/a.mbtiles":                  "what? is not a name on Windows",
		"a\tb.mbtiles":                     "is not a name on Windows",
		"con.mbtiles":                      "con.mbtiles is a device's name",
		"x/LPT1":                           "LPT1 is a device's name",
		"COM¹.mbtiles":                     "is a device's name",
		"flight. /a.mbtiles":               "drops a dot or blank at the end",
		"flight.":                          "drops a dot or blank at the end",
	} {
		err := checkWindows(path)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}

func TestCloud(t *testing.T) {
	moved := filepath.Join(t.TempDir(), "moved")
	for name, tc := range map[string]struct {
		dir, variable, want string
	}{
		"elsewhere":        {filepath.Join(moved, "X-Plane 12"), "", ""},
		"its folder":       {`C:\Users\a\OneDrive\X-Plane 12`, "", "OneDrive"},
		"of a company":     {`C:\Users\a\OneDrive - Air\Documents`, "", "OneDrive"},
		"on macOS":         {"/Users/a/Library/CloudStorage/OneDrive-Personal/a", "", "OneDrive"},
		"a similar name":   {`C:\Users\a\OneDriveless`, "", ""},
		"moved":            {filepath.Join(moved, "Documents"), moved, "OneDrive"},
		"moved, itself":    {moved, moved, "OneDrive"},
		"beside one moved": {moved + "2", moved, ""},
		"another variable": {filepath.Join(moved, "Documents"), os.TempDir() + "-none", ""},
	} {
		t.Run(name, func(t *testing.T) {
			env := func(v string) string {
				if v == "OneDriveCommercial" {
					return tc.variable
				}
				return ""
			}
			if got := cloud(tc.dir, env); got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.dir, got, tc.want)
			}
		})
	}
}

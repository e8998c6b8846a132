package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// machineWords are what Go, its libraries and the kernel call things, and people do not.
var machineWords = regexp.MustCompile(
	`(?i)strconv|\b(openat|newfstatat|lstat|fstat|statfs|readdirent|unlinkat|fork/exec|syscall)\b|deadline exceeded|` +
		`\bEOF\b|invalid character|looking for|unmarshal|(^|: |\n|\()(json|xml|toml|csv|sql|url|http|http2|zip|gzip|flate|png|jpeg|image|tls|x509|exec|time): |net/http|` +
		`Go (struct|value)|\bstruct\b|interface|reflect|goroutine|panic|runtime error|nil pointer|<nil>|%!|invalid syntax|out of range \[|dial |` +
		`\bu?int(8|16|32|64)\b|float64|arg\(s\)|shorthand|errno|0x[0-9a-f]{6}|context canceled|bad file descriptor|map\[|\[\]`)

// speak runs a command line and looks at what it says.
func speak(t *testing.T, args ...string) (code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(args, &stdout, &stderr)
	what, said := strings.Join(args, " "), stderr.String()
	if !slices.Contains(args, "--json") {
		said += stdout.String()
	}
	// What kind of text a provider sent in place of a picture is not Go's word for it.
	said = strings.ReplaceAll(said, "not a usable image: XML: ", "not a usable image: ")
	switch {
	case code != exitDone && stderr.Len() == 0:
		t.Errorf("xelpack %s: exit code %d without a word", what, code)
	case machineWords.MatchString(said):
		t.Errorf("xelpack %s: %q in: %s", what, machineWords.FindString(said), said)
	case testing.Verbose():
		t.Logf("xelpack %s → %d: %s", what, code, said)
	}
	return code
}

// refuse runs a command line that cannot be meant.
func refuse(t *testing.T, args ...string) {
	t.Helper()
	if speak(t, args...) == exitDone {
		t.Errorf("xelpack %s: accepted", strings.Join(args, " "))
	}
}

// Nobody is to read the names of functions and system calls: whatever is wrong with a command line,
// a configuration or a file is said in words.
func TestPlainWords(t *testing.T) {
	skipIfShort(t)
	routes, err := filepath.Glob("../../pkg/route/testdata/*.*")
	if err != nil || len(routes) == 0 {
		t.Fatal("no flight plans to spoil", err)
	}
	for i := range routes {
		if routes[i], err = filepath.Abs(routes[i]); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("HOME", dir)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	t.Setenv("XDG_CACHE_HOME", "")
	for _, sub := range []string{"config/xelpack", "folder", "mnt"} {
		if err := os.MkdirAll(sub, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	write(t, "far.geojson", farRoute) // from which the scenery's textures are small
	_, err = scenerytest.Make("small", scenerytest.Options{
		Box: tiles.Box{West: 5, South: 43.45, East: 5.5, North: 43.85}, Limit: 9, AirportMax: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	if speak(t, "build", "--route", "far.geojson", "--scenery", "small", "--provider", "sample",
		"-o", "good.mbtiles", "--compress", "none") != exitDone {
		t.Fatal("no archive to spoil")
	}
	t.Run("flags", plainFlags)
	t.Run("defaults", plainDefaults)
	t.Run("routes", func(t *testing.T) { plainRoutes(t, routes) })
	t.Run("providers", plainProviders)
	t.Run("servers", plainServers)
	t.Run("archives", plainArchives)
	t.Run("scenery", plainScenery)
	t.Run("others", plainOthers)
}

// badValues are no value of any flag that is not text.
var badValues = []string{"", "x", "1e999", "99999999999999999999", "1.5.1", "0x", "é"}

// textual says whether a flag takes any text.
func textual(f *pflag.Flag) bool {
	return f.Name == "help" || strings.HasPrefix(f.Value.Type(), "string")
}

func verb(c *cobra.Command) []string { return strings.Fields(c.CommandPath())[1:] }

func plainFlags(t *testing.T) {
	for c := range cli.Commands(newRootCommand()) {
		if verb(c)[0] == "completion" || verb(c)[0] == "help" {
			continue
		}
		for _, args := range [][]string{{"--frobnicate"}, {"-q", "3"}, {"---"},
			{"1", "2", "3", "--x"}} {
			refuse(t, append(verb(c), args...)...)
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.NoOptDefVal == "" {
				refuse(t, append(verb(c), "--"+f.Name)...)
			}
			if textual(f) {
				return
			}
			for _, value := range badValues {
				refuse(t, append(verb(c), "--"+f.Name+"="+value)...)
			}
		})
	}
	for flag, values := range map[string][]string{
		"bbox": {"", "1,2,3", "a,b,c,d", "1,2,3,4,5", "1,2,1e999,4", "5,44,6,43",
			"nan,1,2,3"},
		"corridor":        {"x", "5", "-3nm", "infkm", "1e400m"},
		"terrain-ceiling": {"x", "5", "1e400ft"},
		"keep-chunks":     {"x", "5", "-1GB", "1e400GB"},
		"detail":          {"", "x"},
		"maptype":         {"no such thing", "é", "A/B", "\x00"},
		"map":             {"a.gif", "nowhere/a.html", "folder.html/"},
		"provider": {"", "nobody", "mbtiles:", "mbtiles:nowhere.mbtiles", "mbtiles:folder",
			"nowhere.lay", "folder", "http://", "http://%zz/{z}/{x}/{y}", "ftp://a/{z}/{x}/{y}",
			"http://a b/{z}/{x}/{y}", "http://a:port/{z}/{x}/{y}", "http://[::1/{z}/{x}/{y}",
			"https://a/{z}/{x}/{y}/{frob}", "https://a/{z}"},
	} {
		for _, value := range values {
			refuse(t, "plan", "--route", "nowhere.fms", "--bbox", "7.1,43.6,7.11,43.61", "--zoom",
				"12", "--"+flag+"="+value)
			if flag != "corridor" {
				speak(t, "plan", "--bbox", "7.1,43.6,7.11,43.61", "--zoom", "12",
					"--"+flag+"="+value)
			}
		}
	}
	for _, flag := range []string{"quality", "compress", "log-level", "http", "timeout", "patience",
		"retries", "output"} {
		for _, value := range []string{"x", "-1", "0", "-1s", "127.0.0.1:x", "nowhere/out.mbtiles",
			"é.mbtiles/"} {
			refuse(t, "build", "--bbox", "7.1,43.6,7.11,43.61", "--provider", "nobody", "-o",
				"out.mbtiles", "--"+flag+"="+value)
		}
	}
	for _, args := range [][]string{{"--at", "x"}, {"--at", "1"}, {"--at", "1,999"},
		{"--at", "1,2", "--check", "nobody"}} {
		refuse(t, append([]string{"providers", "--check", "eox"}, args...)...)
	}
}

func plainDefaults(t *testing.T) {
	seen := make(map[string]bool)
	for c := range cli.Commands(newRootCommand()) {
		if c.Name() != "plan" && c.Name() != "build" && c.Name() != "mount" {
			continue
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if textual(f) || f.Name == "list" || f.Name == "dry-run" || seen[f.Name] {
				return
			}
			seen[f.Name] = true
			args := append(verb(c), "a", "b")
			if c.Name() != "mount" {
				args = append(verb(c), "--bbox", "7.1,43.6,7.11,43.61")
			}
			name := "XELPACK_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
			for _, value := range badValues {
				t.Setenv(name, value)
				refuse(t, args...)
			}
			os.Unsetenv(name)
			for _, value := range []string{`"x"`, `[[1]]`, `{a=1}`, `1979-05-27T07:32:00Z`,
				`"nan"`} {
				write(t, "config/xelpack/config.toml", f.Name+" = "+value)
				refuse(t, args...)
			}
		})
	}
	for _, text := range badTOML {
		t.Run(fmt.Sprintf("%q", text), func(t *testing.T) {
			write(t, "config/xelpack/config.toml", text)
			refuse(t, "plan", "--bbox", "7.1,43.6,7.11,43.61")
		})
	}
	os.Remove("config/xelpack/config.toml")
}

// badTOML is text that is no TOML, with keys of the configuration and of providers.toml.
var badTOML = []string{
	"=", "zoom", "zoom = ", "zoom = 1 2", "[zoom", "zoom = \"", "\x00", "zoom = 0x",
	"zoom = 99999999999999999999", "zoom = 1\nzoom = 2",
	"zoom = 1__0", "zoom = \"\\q\"", "zoom = [1, 2", "zoom = {a = 1", "zoom = 1979-99-99",
	"zoom = '''x",
	"[[provider]]\nid = 5", "[[provider]]\nid = \"x\"\ntemplate = [1]", "[provider]\nid = \"x\"",
	"[[provider]]\nmin_zl = 999", "[[provider]]\nmin_zl = -1",
	"[[provider]]\nrate = \"fast\"", "[[provider]]\nheaders = 5", "[tokens]\nx = 5", "provider = 5",
	"[[provider]]\nno_imagery = [5]",
}

// write makes a file, or a folder where the name ends in a slash.
func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func plainRoutes(t *testing.T, good []string) {
	broken := map[string]string{
		"empty": "", "blank": "  \n", "text": "hello", "zeros": strings.Repeat("\x00", 512),
		"brace": "{", "bracket": "[", "number": "5", "list": "[1,2]",
		"null": "null", "string": `"x"`, "angle": "<", "tag": "<kml>", "wrong": "<kml></gpx>",
		"entity": "<gpx>&x;</gpx>", "other": "<html/>", "zip": "PK\x03\x04rest",
		"type": `{"type": 5}`, "coords": `{"type": "LineString", "coordinates": "x"}`,
		"nested":    `{"type": "LineString", "coordinates": [[1,[2]],[3,4]]}`,
		"features":  `{"type": "FeatureCollection", "features": 5}`,
		"feature":   `{"type": "FeatureCollection", "features": [5]}`,
		"trailing":  `{"type": "Point", "coordinates": [5, 43]} x`,
		"huge":      `{"type": "LineString", "coordinates": [[1e999, 43],[5,43]]}`,
		"simbrief":  `{"navlog": {"fix": "x"}, "origin": 5}`,
		"simbrief2": `{"fetch": {"status": "Error: x"}}`, "utf16": "\xff\xfe<\x00g\x00",
		"encoding": `<?xml version="1.0" encoding="koi8-r"?><gpx/>`,
		"fms":      "I\n1100 Version\nCYCLE x\nADEP", "fms2": "I\n1100 Version\nNUMENR x\n",
		"fms3": "I\n3 version\n1\nx\n1 A B C D\n",
		"gpx":  `<gpx><rte><rtept lat="x" lon="5"/></rte></gpx>`,
		"gpx2": `<gpx><rte><rtept/></rte></gpx>`,
		"kml":  "<kml><LineString><coordinates>x,y 1</coordinates></LineString></kml>",
		"pln":  "<SimBase.Document><FlightPlan.FlightPlan><ATCWaypoint><WorldPosition>x</WorldPosition></ATCWaypoint></FlightPlan.FlightPlan></SimBase.Document>",
		"lnm":  `<LittleNavmap><Flightplan><Waypoints><Waypoint><Pos Lon="x" Lat="1"/></Waypoint></Waypoints></Flightplan></LittleNavmap>`,
		"fpl":  "<flight-plan><waypoint-table><waypoint><lat>x</lat></waypoint></waypoint-table></flight-plan>",
	}
	for _, file := range good {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 8 {
			broken[fmt.Sprintf("cut%d-%s", i, filepath.Base(file))] = string(text[:len(text)*i/8])
			spoilt := bytes.Clone(text)
			spoilt[len(text)*(2*i+1)/16] ^= 0x15
			broken[fmt.Sprintf("spoilt%d-%s", i, filepath.Base(file))] = string(spoilt)
		}
	}
	for name, text := range broken {
		write(t, name, text)
		// read as by plan, which would measure the processor each time
		speak(t, "extract", "good.mbtiles", "--dry-run", "--corridor", "1m", "--route", name)
		speak(t, "extract", "good.mbtiles", "--dry-run", "--region", name)
		os.Remove(name)
	}
	for _, flag := range []string{"--route", "--region", "--from-trace", "--scenery"} {
		for _, name := range []string{"nowhere", "folder", "config/xelpack/x/y", "\x00",
			strings.Repeat("x", 300), "loop"} {
			os.Symlink("loop", "loop")
			refuse(t, "plan", "--zoom", "10", flag, name)
		}
	}
}

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
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
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

func plainProviders(t *testing.T) {
	const file = "config/xelpack/providers.toml"
	for _, text := range append(badTOML, "[[provider]]", "[[provider]]\nid = \"a b\"",
		"[[provider]]\nid = \"a\"\ntemplate = \"x\"",
		"[[provider]]\nid = \"a\"\ntemplate = \"http://%zz/{z}/{x}/{y}\"",
		"[[provider]]\nid = \"a\"\ntemplate = \"http://a/{z}/{x}/{y}\"\nheaders = {\"a b\" = \"c\"}", "[[provider]]\nid = \"a\"\ntemplate = \"http://a/{z}/{x}/{y}\"\nmax_zl = 40") {
		t.Run(fmt.Sprintf("%q", text), func(t *testing.T) {
			write(t, file, text)
			refuse(t, "providers")
		})
	}
	os.Remove(file)
	if err := os.Mkdir(file, 0o777); err != nil {
		t.Fatal(err)
	}
	refuse(t, "providers")
	os.Remove(file)
	for i, text := range []string{"", "x", "request_type=tms", "request_type=tms\nurl_prefix=x",
		"request_type=wms\nurl_prefix=http://a/?", "\x00\x00",
		"max_zl=x\nrequest_type=tms\nurl_template=http://a/{zoom}/{x}/{y}", "=\n=\n",
		"request_type=tms\nurl_template=http://%zz/{zoom}/{x}/{y}"} {
		name := fmt.Sprintf("p%d.lay", i)
		write(t, name, text)
		speak(t, "plan", "--bbox", "7.1,43.6,7.11,43.61", "--zoom", "12", "--provider", name)
		write(t, "config/xelpack/"+name, text)
	}
	speak(t, "providers")
	for _, text := range []string{"", "no database", "SQLite format 3\x00",
		"SQLite format 3\x00" + strings.Repeat("\x01", 8192)} {
		write(t, "p.mbtiles", text)
		refuse(t, "build", "--bbox", "7.1,43.6,7.11,43.61", "--zoom", "12", "--provider",
			"mbtiles:p.mbtiles", "-o", "out.mbtiles", "--patience", "1ms")
		os.Remove("out.mbtiles.part")
	}
}

// plainServers builds from servers with every fault, and from none.
func plainServers(t *testing.T) {
	build := func(template string) {
		t.Helper()
		speak(t, "build", "--route", "far.geojson", "--scenery", "small", "--provider", template,
			"-o", "out.mbtiles", "--quality", "fast", "--patience", "1ms", "--retries", "0",
			"--timeout", "200ms", "--log-level", "debug")
		os.Remove("out.mbtiles")
		os.Remove("out.mbtiles.part")
		speak(t, "providers", "--check", template)
	}
	for k := fetchtest.OK; k.String() != "unknown"; k++ {
		server, err := fetchtest.Listen(fetchtest.Options{Fault: fetchtest.FirstOf(9, k)})
		if err != nil {
			t.Fatal(err)
		}
		t.Run(k.String(), func(t *testing.T) { build(server.Template()) })
		server.Close()
	}
	secure, err := fetchtest.Listen(fetchtest.Options{TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer secure.Close()
	plain, err := fetchtest.Listen(fetchtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	for _, template := range []string{
		secure.Template(), strings.Replace(secure.Template(), "https:", "http:",
			1), strings.Replace(plain.Template(), "http:", "https:", 1),
		"http://127.0.0.1:1/{z}/{x}/{y}", "http://nowhere.invalid/{z}/{x}/{y}",
		"http://127.0.0.1:99999/{z}/{x}/{y}", "http://0.0.0.1/{z}/{x}/{y}",
	} {
		t.Run(template, func(t *testing.T) { build(template) })
	}
}

func plainArchives(t *testing.T) {
	good, err := os.ReadFile("good.mbtiles")
	if err != nil {
		t.Fatal(err)
	}
	broken := map[string]string{"empty": "", "text": "no archive", "head": string(good[:100])}
	for i := range 12 {
		if i%3 == 0 {
			broken[fmt.Sprintf("cut%d", i)] = string(good[:len(good)*i/12])
		}
		spoilt := bytes.Clone(good)
		at := []int{16, 18, 20, 24, 28, 60, 100, 105, 110, 8192, 8300, 16384}[i]
		for j := at; j < at+40 && j < len(spoilt); j++ {
			spoilt[j] ^= 0x55
		}
		broken[fmt.Sprintf("spoilt%d", i)] = string(spoilt)
	}
	try := func(name string) {
		t.Helper()
		for _, args := range [][]string{
			{"info", name}, {"ls", name, "--json"}, {"verify", name}, {"verify", "--quick", name},
			{"preview", name, "out.png"}, {"export", name, "out"},
			{"extract", name, "--zoom", "16", "-o", "out.mbtiles"},
			{"merge", name, "good.mbtiles", "-o", "out.mbtiles"},
			{"diff", name, "good.mbtiles"}, {"apply", "good.mbtiles", name},
			{"prune", name, "--zoom", "11"}, {"repack", name, "-o", "out.mbtiles"},
			{"repair", name}, {"repair", name, "--damaged", "--provider", "sample",
				"--retry-missing"}, {"mount", name, "nowhere/mnt"},
			{"build", "--bbox", "7.1,43.6,7.21,43.61", "--zoom", "12", "--provider", "sample", "-o",
				name, "--dry-run"}, {"trace", name}, {"decode", name, "out.png"},
			{"encode", name, "out.dds"}, {"doctor", name, "--offline"},
		} {
			speak(t, args...)
			os.Remove("out.mbtiles")
			os.Remove("out.png")
			os.RemoveAll("out")
		}
	}
	for name, text := range broken {
		write(t, name+".mbtiles", text)
		try(name + ".mbtiles")
	}
	for _, name := range []string{"nowhere.mbtiles", "folder", "loop", "good.mbtiles/x",
		"nowhere/x.mbtiles"} {
		try(name)
	}
	for _, args := range [][]string{
		{"extract", "good.mbtiles", "--zoom", "16", "-o", "nowhere/x.mbtiles"},
		{"extract", "good.mbtiles", "--zoom", "16", "-o", "folder"},
		{"export", "good.mbtiles", "good.mbtiles"},
		{"export", "good.mbtiles", "good.mbtiles/x"},
		{"preview", "good.mbtiles", "nowhere/out.png"},
		{"preview", "good.mbtiles", "folder/x/y.html"}, {"mount", "good.mbtiles", "nowhere"},
		{"mount", "good.mbtiles", "good.mbtiles"}, {"mount", "good.mbtiles", "config"},
		{"umount", "nowhere"}, {"umount", "folder"}, {"umount", "good.mbtiles"},
		{"import", "nowhere", "-o", "out.mbtiles"}, {"import", "folder", "-o", "out.mbtiles"},
		{"import", "good.mbtiles", "-o", "out.mbtiles"},
		{"replay", "nowhere", "folder"}, {"replay", "good.mbtiles", "folder"},
		{"bench", "compare", "nowhere", "nowhere"},
		{"bench", "compare", "good.mbtiles", "good.mbtiles"},
		{"mount", "good.mbtiles", "mnt", "--trace", "nowhere/x"},
		{"mount", "good.mbtiles", "mnt", "--daemon", "--log", "nowhere/x/y"},
		{"mount", "good.mbtiles", "mnt", "--http", "300.1.1.1:5"},
		{"mount", "good.mbtiles", "mnt", "--http", "192.0.2.1:5", "--http-allow-remote"},
		{"mount", "good.mbtiles", "mnt", "--memory-cache", "x"},
		{"mount", "good.mbtiles", "mnt", "--disk-cache", "x"},
		{"mount", "good.mbtiles", "mnt", "--prefetch", "x"},
		{"mount", "good.mbtiles", "mnt", "--live", "x"},
		{"mount", "good.mbtiles", "mnt", "--scenery", "nowhere"},
		{"mount", "good.mbtiles", "mnt", "--scenery", "good.mbtiles"},
		{"plan", "--bbox", "7.1,43.6,7.11,43.61", "--zoom", "12", "--map", "nowhere/x.png"},
		{"trace", "synth", "--route", "nowhere", "-o", "x"},
		{"merge", "good.mbtiles", "-o", "good.mbtiles"},
	} {
		if args[0] == "mount" && strings.Contains(strings.Join(args, " "), "--daemon") {
			continue // starts this test's program
		}
		refuse(t, args...)
	}
}

func plainScenery(t *testing.T) {
	made, err := scenerytest.Make("scenery",
		scenerytest.Options{Box: tiles.Box{West: 5, South: 43.45, East: 5.5, North: 43.85},
			Limit: 4, AirportMax: -1})
	if err != nil {
		t.Fatal(err)
	}
	try := func() {
		t.Helper()
		os.RemoveAll(".cache")
		speak(t, "plan", "--scenery", "scenery", "--bbox", "5,43,6,44")
		speak(t, "plan", "--scenery", "scenery", "--bbox", "5,43,6,44", "--meshes")
		speak(t, "doctor", "--scenery", "scenery", "--offline")
	}
	for _, text := range []string{"", "x", "7z\xbc\xaf\x27\x1c",
		"7z\xbc\xaf\x27\x1c" + strings.Repeat("\x01", 60), "XPLNEDSF",
		"XPLNEDSF\x01\x00\x00\x00" + strings.Repeat("\x09", 60)} {
		write(t, made.DSFs[0], text)
		try()
	}
	terrain, err := filepath.Glob("scenery/terrain/*.ter")
	if err != nil || len(terrain) == 0 {
		t.Fatal("no terrain", err)
	}
	for _, text := range []string{"", "x", "A\n800\nTERRAIN\n\nBASE_TEX ../textures/x.dds\n",
		"A\n800\nTERRAIN\n\nBASE_TEX_NOWRAP\n", "\x00\x00"} {
		for _, file := range terrain {
			write(t, file, text)
		}
		try()
	}
	os.RemoveAll("scenery/terrain")
	try()
	write(t, "scenery/terrain", "no folder")
	try()
}

func plainOthers(t *testing.T) {
	for _, text := range []string{"", "x", "\x89PNG\r\n\x1a\n", "\x89PNG\r\n\x1a\nxxxxIHDR",
		"\xff\xd8\xff\xe0", "\xff\xd8\xff", "GIF89a", "DDS ", "DDS " + strings.Repeat("\x01", 200),
		"XPTRACE", "{}", `{"rounds": "x"}`} {
		for _, ext := range []string{".png", ".jpg", ".dds", ".json"} {
			write(t, "other"+ext, text)
		}
		refuse(t, "encode", "other.png", "out.dds")
		refuse(t, "encode", "other.jpg", "out.dds")
		refuse(t, "decode", "other.dds", "out.png")
		refuse(t, "trace", "other.png")
		refuse(t, "replay", "other.png", "folder")
		speak(t, "bench", "compare", "other.json", "other.json")
		speak(t, "import", ".", "-o", "imported.mbtiles", "--dry-run")
	}
}

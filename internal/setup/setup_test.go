package setup

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestConfigWith(t *testing.T) {
	for name, c := range map[string]struct {
		text, key, line string
		want            string // "": refused
	}{
		"empty":             {"", "xplane", `xplane = "/x"`, "xplane = \"/x\"\n"},
		"added on top":      {"# mine\nzoom = 16\n[x]\na = 1\n", "xplane", `xplane = "/x"`, "xplane = \"/x\"\n# mine\nzoom = 16\n[x]\na = 1\n"},
		"replaced":          {"zoom = 16\n  xplane=\"/old\" # here\nlive = \"off\"", "xplane", `xplane = "/x"`, "zoom = 16\nxplane = \"/x\"\nlive = \"off\""},
		"CRLF":              {"zoom = 16\r\nxplane = \"/old\"\r\n", "xplane", `xplane = "/x"`, "zoom = 16\r\nxplane = \"/x\"\r\n"},
		"no end of line":    {"zoom = 16", "xplane", `xplane = "/x"`, "xplane = \"/x\"\nzoom = 16"},
		"removed":           {"zoom = 16\nxplane = \"/x\"\n", "xplane", "", "zoom = 16\n"},
		"not there":         {"zoom = 16\n", "xplane", "", "zoom = 16\n"},
		"same key in table": {"[a]\nxplane = 1\n", "xplane", `xplane = "/x"`, "xplane = \"/x\"\n[a]\nxplane = 1\n"},
		"prefix of another": {"xplane-x = 1\n", "xplane", `xplane = "/x"`, "xplane = \"/x\"\nxplane-x = 1\n"},
		"several lines":     {"scenery = [\n\"a\",\n\"b\"]\n", "scenery", `scenery = ["c"]`, ""},
		"in a long string":  {"s = \"\"\"\nxplane = 1\n\"\"\"\n", "xplane", `xplane = "/x"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := config{"config.toml", c.text}.with(c.key, c.line)
			switch {
			case c.want == "" && err == nil:
				t.Errorf("changed to %q", got.text)
			case c.want != "" && (err != nil || got.text != c.want):
				t.Errorf("%q, %v; want %q", got.text, err, c.want)
			}
		})
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(file), 0o777)
	if err == nil {
		err = os.WriteFile(file, []byte(text), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// tree returns the texts of all files below dir; folders end in a slash.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			found[path+"/"] = ""
			return nil
		}
		text, err := os.ReadFile(path)
		found[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// flying makes an X-Plane with an ortho package that hides an airport, and a user's configuration.
func flying(t *testing.T, configText string) (dir string, o Options) {
	dir = t.TempDir()
	x := filepath.Join(dir, "Flüge", "X-Plane 12")
	o = Options{Config: filepath.Join(dir, "config", "xelpack", "config.toml"), XPlane: x, SimBrief: "simmer",
		Archives: filepath.Join(dir, "ortho", "archives"), Scenery: []string{"zortho süd"}, Now: time.Now()}
	write(t, filepath.Join(x, "Custom Scenery", "zOrtho süd", "Earth nav data", "a.dsf"), "")
	write(t, filepath.Join(x, "Custom Scenery", "zOrtho süd", "terrain", "1_2_BI16.ter"), "")
	write(t, filepath.Join(x, "Custom Scenery", "scenery_packs.ini"),
		"I\n1000 Version\nSCENERY\n\nSCENERY_PACK Custom Scenery/zOrtho süd/\nSCENERY_PACK *GLOBAL_AIRPORTS*\n")
	if configText != "" {
		write(t, o.Config, configText)
	}
	return dir, o
}

func apply(t *testing.T, o Options, agree func(what string) bool) int {
	t.Helper()
	p, err := Make(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	n, err := p.Apply(t.Context(), func(_ context.Context, what string) (bool, error) { return agree(what), nil })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func always(string) bool { return true }

func TestUndo(t *testing.T) {
	for name, text := range map[string]string{
		"no configuration": "", "a configuration": "# mine\nzoom = 17\nsimbrief = \"old\" # me\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir, o := flying(t, text)
			before := tree(t, dir)
			if n := apply(t, o, always); n != 6 {
				t.Errorf("%d changes, want 6", n)
			}
			if p, err := Make(t.Context(), o); err != nil || len(p.Changes) > 0 {
				t.Errorf("set up, and still to change: %+v, %v", p.Changes, err)
			}
			o.SimBrief = "another" // a second setup
			if n := apply(t, o, always); n != 1 {
				t.Errorf("%d changes, want 1", n)
			}
			if text := tree(t, dir)[o.Config]; !strings.Contains(text, "simbrief = \"another\"\n") ||
				!strings.Contains(text, "scenery = [\"zOrtho süd\"]\n") {
				t.Errorf("config.toml:\n%s", text)
			}
			if _, err := Undo(o.Config); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
				t.Errorf("after undo (-before +after):\n%s", diff)
			}
			if said, err := Undo(o.Config); err != nil || len(said) != 1 {
				t.Errorf("undone twice: %q, %v", said, err)
			}
		})
	}
}

func TestUndoChangedSince(t *testing.T) {
	dir, o := flying(t, "")
	apply(t, o, always)
	order := filepath.Join(o.XPlane, "Custom Scenery", "scenery_packs.ini")
	write(t, order, "I\n1000 Version\nSCENERY\n\nSCENERY_PACK Custom Scenery/New/\n")
	write(t, filepath.Join(o.Archives, "flight.mbtiles"), "mine")
	text := tree(t, dir)[o.Config]
	write(t, o.Config, strings.Replace(text, "simmer", "other", 1))
	said, err := Undo(o.Config)
	if err != nil {
		t.Fatal(err)
	}
	left := 0
	for _, one := range said {
		if strings.HasPrefix(one, "left as it is: ") {
			left++
		}
	}
	if left != 4 {
		t.Errorf("said %q, want four that are left", said)
	}
	after := tree(t, dir)
	if after[o.Config] != "simbrief = \"other\"\n" || !strings.Contains(after[order], "New") ||
		after[filepath.Join(o.Archives, "flight.mbtiles")] != "mine" {
		t.Errorf("after undo: %q", after)
	}
}

// What is not agreed to is not done, and the rest is.
func TestRefused(t *testing.T) {
	dir, o := flying(t, "")
	if n := apply(t, o, func(what string) bool { return strings.Contains(what, "simbrief") }); n != 1 {
		t.Errorf("%d changes, want 1", n)
	}
	after := tree(t, dir)
	if after[o.Config] != "simbrief = \"simmer\"\n" {
		t.Errorf("config.toml: %q", after[o.Config])
	}
	dir2, o2 := flying(t, "")
	before := tree(t, dir2)
	if n := apply(t, o2, func(string) bool { return false }); n != 0 {
		t.Errorf("%d changes, want none", n)
	}
	if diff := cmp.Diff(before, tree(t, dir2)); diff != "" {
		t.Errorf("nothing was agreed to (-before +after):\n%s", diff)
	}
}

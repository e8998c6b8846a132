package xplane

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFind(t *testing.T) {
	t.Setenv("LOCALAPPDATA", "") // Windows' own
	folder := func(name string) string {
		dir := filepath.Join(t.TempDir(), name)
		for _, sub := range []string{"Resources", "Custom Scenery"} {
			if err := os.MkdirAll(filepath.Join(dir, sub), 0o777); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	one, two := folder("X-Plane 12"), folder("X-Pläne 12 beta")
	empty := t.TempDir()
	for name, c := range map[string]struct {
		note12, note11 string
		dir            string // of --xplane
		want           string
		err            error
	}{
		"no note":          {err: ErrNone},
		"noted":            {note12: one + "/\n", want: one},
		"noted twice":      {note12: one + "/\r\n" + one + "\n", want: one},
		"one is stale":     {note12: "/gone/X-Plane 12/\n" + one + "/\n", want: one},
		"all are stale":    {note12: "/gone/X-Plane 12/\n" + empty, err: ErrNone},
		"only 11":          {note12: "/gone\n", note11: two + "/", want: two},
		"12 before 11":     {note12: one, note11: two, want: one},
		"two":              {note12: one + "/\n" + two + "/\n", err: ErrSeveral},
		"two, one named":   {note12: one + "/\n" + two + "/\n", dir: two, want: two},
		"named, not there": {note12: one, dir: empty, err: ErrNone},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			for version, text := range map[string]string{"12": c.note12, "11": c.note11} {
				dir := installNotes(home)
				if err := os.MkdirAll(dir, 0o777); err != nil {
					t.Fatal(err)
				}
				if text == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, "x-plane_install_"+version+".txt"), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			got, err := Find(c.dir, home)
			if !errors.Is(err, c.err) || err == nil && got.Dir != c.want {
				t.Errorf("%+v, %v; want %s, %v", got, err, c.want, c.err)
			}
		})
	}
}

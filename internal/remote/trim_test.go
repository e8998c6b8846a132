package remote

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/sqlpages"
)

// The caches that were not used for longest go, but none that is in use, nor the last one.
func TestTrim(t *testing.T) {
	t.Parallel()
	o, dir := serve(t, 1<<20), t.TempDir()
	all := sqlpages.Span{Off: 0, Len: 1 << 20}
	paths := map[string]string{}
	fetch := func(name string) *File {
		f := open(t, o.URL+"/"+name+".mbtiles", options(t, dir))
		expect(t, f, o.data, all)
		paths[name] = f.Path()
		return f
	}
	old := time.Now().Add(-time.Hour)
	inUse := fetch("used")
	for i, name := range []string{"oldest", "older", "last"} {
		if err := fetch(name).Close(); err != nil {
			t.Fatal(err)
		}
		when := old.Add(time.Duration(i+1) * time.Minute)
		if err := os.Chtimes(paths[name]+listSuffix, when, when); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(paths["used"]+listSuffix, old, old); err != nil {
		t.Fatal(err)
	}
	there := func() (names []string) {
		for _, name := range []string{"used", "oldest", "older", "last"} {
			if _, err := os.Stat(paths[name]); err == nil {
				names = append(names, name)
			} else if !errors.Is(err, fs.ErrNotExist) {
				t.Error(err)
			}
		}
		return names
	}
	for _, tt := range []struct {
		limit int64
		want  string
	}{{10 << 20, "used oldest older last"}, {7 << 19, "used older last"}, {0, "used last"}} {
		if err := Trim(dir, tt.limit); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(there(), " "); got != tt.want {
			t.Errorf("%d bytes: %s are there, want %s", tt.limit, got, tt.want)
		}
	}
	expect(t, inUse, o.data, all)
	if err := Trim(filepath.Join(dir, "none"), 0); err != nil {
		t.Error(err)
	}
	// A private cache in use stays; what a killed process has left does not.
	private := open(t, o.URL+"/used.mbtiles", options(t, dir))
	left := filepath.Join(dir, "left-0011223344556677"+privateMark+"123")
	if err := os.Mkdir(left, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Trim(dir, 0); err != nil {
		t.Fatal(err)
	}
	expect(t, private, o.data, all)
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is left of a private cache stays: %v", err)
	}
}

// Opening a cache is using it.
func TestUsed(t *testing.T) {
	t.Parallel()
	o, dir := serve(t, 1<<20), t.TempDir()
	f := open(t, o.URL+"/a.mbtiles", options(t, dir))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(f.Path()+listSuffix, old, old); err != nil {
		t.Fatal(err)
	}
	f = open(t, o.URL+"/a.mbtiles", options(t, dir))
	if info, err := os.Stat(f.Path() + listSuffix); err != nil || info.ModTime().Equal(old) {
		t.Errorf("unused since %v, %v", old, err)
	}
}

package publish

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/xelpack/xelpack/internal/share/catalogue"
	"github.com/xelpack/xelpack/internal/signing"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// hostile is a name that a page has to escape. Windows allows less.
var hostile = map[bool]string{true: `!b'&.mbtiles`, false: `<b>"'&.mbtiles`}[runtime.GOOS == "windows"]

// folder is a folder with two archives that may be passed on, and other things.
func folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	sharetest.Make(t, dir, sharetest.Archive{File: "alps.mbtiles", Source: sharetest.Open,
		Textures: []string{"23952_33712_BI16", "23952_33728_BI16", "23968_33712_BI16"}})
	sharetest.Make(t, dir, sharetest.Archive{File: hostile, Source: sharetest.Open, Seed: 1,
		Textures: []string{"95808_134848_BI18"}})
	for name, text := range map[string]string{"notes.txt": "x", "maps.mbtiles": "not an archive",
		".hidden.mbtiles": "x", "new.mbtiles.part": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t testing.TB, o Options) *Folder {
	t.Helper()
	f, err := Read(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWhatIsPublished(t *testing.T) {
	dir := folder(t)
	before, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	f := read(t, Options{Dir: dir, Title: "Alps", Mirrors: []string{"https://example.com/x"},
		Note: func(s string) { notes = append(notes, s) }})
	if err := f.Write(); err != nil {
		t.Fatal(err)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "maps.mbtiles") {
		t.Errorf("notes: %q", notes)
	}
	text, err := os.ReadFile(filepath.Join(dir, catalogue.File))
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalogue.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Archives) != 2 || c.Archives[0].File != hostile || c.Private {
		t.Fatalf("%+v", c)
	}
	a := c.Archives[1]
	if len(a.Root) != 64 {
		t.Errorf("root %q", a.Root)
	}
	a.Area, a.Sources = catalogue.Geometry{}, nil
	info, err := os.Stat(filepath.Join(dir, "alps.mbtiles"))
	if err != nil {
		t.Fatal(err)
	}
	want := catalogue.Archive{File: "alps.mbtiles", Bytes: info.Size(), Digest: a.Digest,
		Format: 2, Root: a.Root, Textures: 3, ByZL: map[string]int{"16": 3}, ByDetail: map[string]int{"0": 3},
		Maptypes: []string{"BI"}, Terms: sharetest.Open.Terms,
		Attribution: "© Somebody, CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/), " +
			"changed, taken 2020-05-01 to 2021-06-30",
		Captured: &terms.Days{Oldest: "2020-05-01", Newest: "2021-06-30"},
		Mirrors:  []string{"https://example.com/x/alps.mbtiles"}}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if r := f.Report(); r.Archives != 2 || r.Bytes <= info.Size() {
		t.Errorf("%+v", r)
	}
	after, err := os.ReadDir(dir)
	if err != nil || len(after) != len(before)+2 {
		t.Errorf("%v: %d files, want two more than %d", err, len(after), len(before))
	}
	// The same archives give the same bytes, wherever they lie.
	other := filepath.Join(t.TempDir(), "other")
	if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	again := read(t, Options{Dir: other, Title: "Alps", Mirrors: []string{"https://example.com/x"}})
	text1, page1, _ := f.Files()
	text2, page2, _ := again.Files()
	if !bytes.Equal(text1, text2) || !bytes.Equal(page1, page2) || !bytes.Equal(text, text1) {
		t.Error("published again, the files differ")
	}
}

func TestRefused(t *testing.T) {
	dir := folder(t)
	sharetest.Make(t, dir, sharetest.Archive{File: "mine.mbtiles", Source: sharetest.Closed,
		Textures: []string{"23952_33712_BI16"}})
	_, err := Read(t.Context(), Options{Dir: dir})
	if !errors.Is(err, ErrTerms) || !strings.Contains(err.Error(),
		"mine.mbtiles may not be passed on: closed (all rights reserved)") {
		t.Errorf("%v", err)
	}
	if f := read(t, Options{Dir: dir, Private: true}); len(f.Catalogue.Archives) != 3 ||
		!f.Catalogue.Private {
		t.Errorf("%+v", f.Catalogue)
	}
	if _, err := Read(t.Context(), Options{Dir: t.TempDir()}); !errors.Is(err, ErrNoArchives) {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := Read(t.Context(), Options{Dir: filepath.Join(dir, "none")}); !errors.Is(err,
		os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	for _, mirror := range []string{"example.com", "ftp://example.com/", "https://me:secret@h/",
		"https://h/?token=secret"} {
		_, err := Read(t.Context(), Options{Dir: dir, Mirrors: []string{mirror}})
		if !errors.As(err, new(usage.Error)) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", mirror, err)
		}
	}
}

// Damage is not published; a server leaves the file out.
func TestDamaged(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "alps.mbtiles")
	if err := os.Truncate(path, 16384); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(t.Context(), Options{Dir: dir}); !errors.Is(err, mbtiles.ErrCorrupt) {
		t.Errorf("%v", err)
	}
	var notes []string
	f := read(t, Options{Dir: dir, Tolerant: true, Note: func(s string) { notes = append(notes, s) }})
	if len(f.Catalogue.Archives) != 1 || !slices.ContainsFunc(notes, func(s string) bool {
		return strings.Contains(s, "alps.mbtiles")
	}) {
		t.Errorf("%+v, notes %q", f.Catalogue, notes)
	}
}

// The page is one file that needs no other, and names are text in it.
func TestPage(t *testing.T) {
	f := read(t, Options{Dir: folder(t), Title: "</script><i>Alps"})
	_, page, err := f.Files()
	if err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	text, count := "", map[string]int{}
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			text += n.Data
			continue
		}
		count[n.Data]++
		for _, a := range n.Attr {
			if a.Key == "src" && !strings.HasPrefix(a.Val, "data:") ||
				a.Key == "href" && strings.Contains(a.Val, "//") {
				t.Errorf("<%s> needs %s", n.Data, a.Val)
			}
			if n.Data == "script" && a.Key == "id" && a.Val == "archives" &&
				!json.Valid([]byte(n.FirstChild.Data)) {
				t.Error("the data of the script are not JSON")
			}
		}
	}
	want := map[string]int{"script": 3, "article": 2, "img": 2, "canvas": 1, "i": 2, "b": 0, "form": 0}
	for name, n := range want {
		if count[name] != n {
			t.Errorf("%d <%s>, want %d", count[name], name, n)
		}
	}
	for _, want := range []string{hostile, "</script><i>Alps", "© Somebody", "taken", "xelpack get",
		f.Catalogue.Archives[0].Digest} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if len(page) > 300<<10 {
		t.Errorf("%d bytes", len(page))
	}
}

// A key signs every archive, once: the same archives give the same bytes, and what is changed is
// signed anew. Without the key, what still holds stays.
func TestSigning(t *testing.T) {
	dir := folder(t)
	key := sharetest.Key(t)
	signatures := func(o Options) map[string][]string {
		t.Helper()
		o.Dir = dir
		f := read(t, o)
		if err := f.Write(); err != nil {
			t.Fatal(err)
		}
		_, page, err := f.Files()
		if err != nil {
			t.Fatal(err)
		}
		found := map[string][]string{}
		signed := 0
		for _, a := range f.Catalogue.Archives {
			found[a.File] = a.Signatures
			signed += len(a.Signatures)
		}
		if n := bytes.Count(page, []byte("alice, key "+signing.ID(key.ID()))); n != signed {
			t.Errorf("the page names alice %d times, want %d", n, signed)
		}
		return found
	}
	if got := signatures(Options{}); len(got["alps.mbtiles"]) != 0 {
		t.Errorf("without a key: %q", got)
	}
	first := signatures(Options{Key: key})
	if len(first["alps.mbtiles"]) != 1 || len(first[hostile]) != 1 {
		t.Errorf("signatures %q", first)
	}
	if diff := cmp.Diff(first, signatures(Options{Key: key})); diff != "" {
		t.Errorf("again (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(first, signatures(Options{})); diff != "" {
		t.Errorf("without the key (-first +second):\n%s", diff)
	}
	sharetest.Make(t, dir, sharetest.Archive{File: hostile, Source: sharetest.Open, Seed: 7,
		Textures: []string{"95808_134848_BI18"}})
	if changed := signatures(Options{}); len(changed[hostile]) != 0 ||
		!cmp.Equal(changed["alps.mbtiles"], first["alps.mbtiles"]) {
		t.Errorf("one changed, without the key: %q", changed)
	}
	if changed := signatures(Options{Key: key}); len(changed[hostile]) != 1 ||
		cmp.Equal(changed[hostile], first[hostile]) {
		t.Errorf("one changed: %q", changed)
	}
}

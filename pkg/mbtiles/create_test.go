package mbtiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

func TestCreateNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a", "a.sqlite", "a.mbtiles.part", ".mbtiles", "mbtiles"} {
		if w, err := Create(t.Context(), filepath.Join(dir, name), WriterOptions{}); !errors.Is(err, ErrName) {
			w.Close()
			t.Errorf("%s: %v, want %v", name, err, ErrName)
		}
	}
	if left := files(t, dir); left != nil {
		t.Errorf("left behind: %q", left)
	}
	if _, err := Create(t.Context(), filepath.Join(dir, "none", "a.mbtiles"), WriterOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v", err)
	}
}

func TestOddPaths(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long and finds no race: for the full suite")
	}
	t.Parallel()
	for _, name := range []string{
		"with space.mbtiles", "100%.mbtiles", "%41.mbtiles", "a?mode=memory.mbtiles", "a#b.mbtiles", "ünïcödé 北.mbtiles", "a&b=c;d.mbtiles",
		"-dash.mbtiles", "UPPER.MBTILES", `back\slash.mbtiles`, "'quote\".mbtiles", "file:a.mbtiles", "new\nline.mbtiles",
	} {
		t.Run(name, func(t *testing.T) {
			folder := "odd ?#% folder"
			if runtime.GOOS == "windows" {
				if folder = "odd #% folder"; strings.ContainsAny(name, "?\\\":\n") {
					t.Skip("no name on Windows")
				}
			}
			dir := filepath.Join(t.TempDir(), folder)
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, name)
			w := createAt(t, path)
			put(t, w, "32_16_BI12", ddsFile(small, 1))
			if got := files(t, dir); !slices.Contains(got, name+".part") {
				t.Errorf("while writing: %q", got)
			}
			finish(t, w)
			mustVerify(t, openAt(t, path))
			if diff := cmp.Diff([]string{name}, files(t, dir)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	w := createAt(t, "a.mbtiles")
	put(t, w, "32_16_BI12", ddsFile(small, 1))
	finish(t, w)
	mustVerify(t, openAt(t, "./a.mbtiles"))
}

func TestResume(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	for i := range 4 {
		w := createAt(t, path)
		for j := range 4 {
			name := fmt.Sprintf("%d_16_BI12", 16*j)
			if _, ok := w.Has(texture(t, name).Key()); ok != (j < i) {
				t.Errorf("round %d: Has(%s) is %v", i, name, ok)
			}
		}
		put(t, w, fmt.Sprintf("%d_16_BI12", 16*i), ddsFile(small, uint64(i)))
		if i == 2 { // as if killed in the middle of Finish
			ctx, cancel := context.WithCancel(t.Context())
			if err := w.enqueue(ctx, job{do: func(context.Context) error { cancel(); return nil }}); err != nil {
				t.Fatal(err)
			}
			if err := w.Finish(ctx, nil); err == nil {
				t.Fatal("Finish does not heed its context")
			}
		}
		if i < 3 {
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"a.mbtiles.part"}, files(t, filepath.Dir(path))); diff != "" {
				t.Errorf("after Close (-want +got):\n%s", diff)
			}
			continue
		}
		finish(t, w)
	}
	a := openAt(t, path)
	if a.Len() != 4 {
		t.Errorf("%d textures, want 4", a.Len())
	}
	mustVerify(t, a)
}

func TestCreateOverExisting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.mbtiles")
	w := createAt(t, path)
	put(t, w, "32_16_BI12", ddsFile(small, 1))
	finish(t, w)
	stale := path + partSuffix + sqlite.LockSuffix // of a process killed at the very end
	if err := os.WriteFile(stale, []byte("process 1 on mars\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(t.Context(), path, WriterOptions{}); !errors.Is(err, ErrExists) {
		t.Errorf("over a complete archive: %v, want %v", err, ErrExists)
	}
	if diff := cmp.Diff([]string{"a.mbtiles"}, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestCreateOverRenamedPart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	put(t, w, "32_16_BI12", ddsFile(small, 1))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+partSuffix, path); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(t.Context(), path, WriterOptions{}); !errors.Is(err, ErrNotArchive) || !strings.Contains(err.Error(), "a.mbtiles.part") {
		t.Errorf("got %v", err)
	}
	a := openAt(t, path)
	info, err := a.Info(t.Context())
	if err != nil || info.State != tables.StateBuilding {
		t.Errorf("state %q, %v", info.State, err)
	}
}

func TestCreateOverForeign(t *testing.T) {
	t.Parallel()
	for name, content := range map[string][]byte{
		"text": []byte("hello"), "noise": ddsFile(small, 1), "almost": []byte("SQLite format 3\x00"),
		"sqlite": foreignSQLite(t), "plain mbtiles": plainMBTiles(t), "future": futureArchive(t),
	} {
		for _, suffix := range []string{"", partSuffix} {
			t.Run(name+suffix, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "a.mbtiles")
				if err := os.WriteFile(path+suffix, content, 0o666); err != nil {
					t.Fatal(err)
				}
				want := ErrNotArchive
				switch {
				case name == "future":
					want = ErrVersion
				case name == "almost" && suffix == "":
					want = ErrTruncated // a copy that was cut short
				}
				if _, err := Create(t.Context(), path, WriterOptions{}); !errors.Is(err, want) || !strings.Contains(err.Error(), path+suffix) {
					t.Errorf("got %v, want %v", err, want)
				}
				after, err := os.ReadFile(path + suffix)
				if err != nil || !bytes.Equal(after, content) {
					t.Errorf("the file changed: %v", err)
				}
				if diff := cmp.Diff([]string{"a.mbtiles" + suffix}, files(t, dir)); diff != "" {
					t.Errorf("files (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// A journal of an archive that was removed would make the new one unreadable, once it is finished.
func TestCreateBesideJournal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	for _, suffix := range []string{sqlite.JournalSuffix, sqlite.WALSuffix} {
		if err := os.WriteFile(path+suffix, []byte("old"), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Create(t.Context(), path, WriterOptions{}); !errors.Is(err, ErrUnsettled) || !strings.Contains(err.Error(), "a.mbtiles"+suffix) {
			t.Errorf("%s: got %v, want %v and the file's name", suffix, err, ErrUnsettled)
		}
		if diff := cmp.Diff([]string{"a.mbtiles" + suffix}, files(t, filepath.Dir(path))); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		if err := os.Remove(path + suffix); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFinishOverNewFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	put(t, w, "32_16_BI12", ddsFile(small, 1))
	if err := os.WriteFile(path, []byte("precious"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(t.Context(), nil); err == nil {
		t.Error("Finish went through")
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Errorf("the file now holds %q", b)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w = createAt(t, path)
	finish(t, w)
	mustVerify(t, openAt(t, path))
}

func TestSecondWriter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	put(t, w, "32_16_BI12", ddsFile(small, 1))
	_, err := Create(t.Context(), path, WriterOptions{})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("got %v, want %v and the number of the process", err, ErrLocked)
	}
	put(t, w, "48_16_BI12", ddsFile(small, 2)) // no damage done
	finish(t, w)
	mustVerify(t, openAt(t, path))
}

func TestOpenPart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	put(t, w, "32_16_BI12", ddsFile(small, 1))
	if err := w.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := openAt(t, path+partSuffix)
	if a.Len() != 1 {
		t.Errorf("%d textures, want 1", a.Len())
	}
	mustVerify(t, a)
	put(t, w, "48_16_BI12", ddsFile(small, 2))
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	finish(t, w)
	mustVerify(t, openAt(t, path))
}

// A .part that another program reads is finished all the same, and stays what it was for whoever
// has it open.
func TestFinishWhileRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	file := ddsFile(small, 1)
	put(t, w, "32_16_BI12", file)
	if err := w.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := openAt(t, path+partSuffix)
	if !filesys.ReplacesOpen {
		err := w.Finish(t.Context(), nil)
		if want := "a.mbtiles.part cannot be renamed while another program has it open"; err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		return
	}
	finish(t, w)
	checkRead(t, a, lookup(t, a, "32_16_BI12"), file, 0, len(file))
	mustVerify(t, openAt(t, path))
	if diff := cmp.Diff([]string{"a.mbtiles"}, files(t, filepath.Dir(path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func growing(t testing.TB, path string) *Writer {
	t.Helper()
	w, err := Create(t.Context(), path, WriterOptions{Growing: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// A growing archive can be read while a transaction is open. It is finished once nobody has it open
// any more.
func TestGrowing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := growing(t, path)
	file := ddsFile(small, 1)
	put(t, w, "32_16_BI12", file)
	if err := w.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := openAt(t, path+partSuffix)
	held, release := make(chan struct{}), make(chan struct{})
	hold := func(context.Context) error { close(held); <-release; return nil }
	if err := w.enqueue(t.Context(), job{do: hold}); err != nil {
		t.Fatal(err)
	}
	<-held
	if _, ok := w.Has(texture(t, "32_16_BI12").Key()); !ok {
		t.Error("the writer does not find what is committed")
	}
	checkRead(t, a, lookup(t, a, "32_16_BI12"), file, 0, len(file))
	close(release)
	if err := w.Finish(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "another program is reading it") {
		t.Fatalf("got %v", err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	w = createAt(t, path) // which turns it into an ordinary one
	finish(t, w)
	mustVerify(t, openAt(t, path))
	if diff := cmp.Diff([]string{"a.mbtiles"}, files(t, filepath.Dir(path))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// A scratch archive has the textures, the digest and the root of any other, and no overviews. It is
// nowhere written that it is one: who extends it has them drawn.
func TestScratch(t *testing.T) {
	t.Parallel()
	file := ddsFile(small, 1)
	usual := build(t, map[string][]byte{"32_16_BI12": file})
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w, err := Create(t.Context(), path, WriterOptions{Scratch: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	put(t, w, "32_16_BI12", file)
	finish(t, w)
	a := openAt(t, path)
	got, err := a.Digest(t.Context())
	if want, errUsual := usual.Digest(t.Context()); got != want || err != nil || errUsual != nil {
		t.Errorf("digest %s, %v, of the usual archive %s, %v", got, err, want, errUsual)
	}
	want, errUsual := usual.Metadata(t.Context())
	rows, err := a.Metadata(t.Context())
	if diff := cmp.Diff(want, rows); diff != "" || err != nil || errUsual != nil {
		t.Errorf("%v, %v, metadata (-usual +scratch):\n%s", err, errUsual, diff)
	}
	if n := len(allTiles(t, a)); n != 1 {
		t.Errorf("%d tiles, want the preview alone", n)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	finish(t, extend(t, path))
	a = openAt(t, path)
	mustVerify(t, a)
	if diff := cmp.Diff(allTiles(t, usual), allTiles(t, a)); diff != "" {
		t.Errorf("tiles once it is extended (-usual +extended):\n%s", diff)
	}
}

package mbtiles

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// mixed is the layout of a texture of several segments.
var mixed = dds.Layout{Format: dds.BC1, Side: 1024}

// threeOf makes an archive of two contents, one of them of three segments and twice there.
func threeOf(t *testing.T) (archive []byte, file []byte) {
	t.Helper()
	file = halfNoise(mixed)
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	put(t, w, "32_16_BI12", file) // content 1
	put(t, w, "48_16_BI12", ddsFile(small, 2))
	put(t, w, "64_16_BI12", file)
	finish(t, w)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b, file
}

// older turns an archive into one of format 1.
func older(t *testing.T, archive []byte) []byte {
	t.Helper()
	return altered(t, archive, `DROP TABLE hashes`, `DROP TABLE tree`, `DROP TABLE signatures`,
		`DELETE FROM metadata WHERE name = 'xelpack:root'`,
		`UPDATE metadata SET value = '1' WHERE name = 'xelpack:format_version'`,
		`PRAGMA user_version = 0x78656C01`)
}

func openChecked(t *testing.T, archive []byte) *Archive {
	t.Helper()
	a, err := OpenWith(t.Context(), write(t, archive), ReaderOptions{Checked: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// What an archive that is read Checked gives out is right, in whatever pieces it is read.
func TestCheckedReads(t *testing.T) {
	t.Parallel()
	archive, file := threeOf(t)
	for name, b := range map[string][]byte{"format 2": archive, "format 1": older(t, archive)} {
		t.Run(name, func(t *testing.T) {
			a := openChecked(t, b)
			e := lookup(t, a, "64_16_BI12")
			for _, at := range []int64{0, 100, dds.HeaderSize, 300_000, mixed.Size() - 5000} {
				p := make([]byte, 5000)
				if n, err := a.ReadAt(t.Context(), e, p, at); err != nil && err != io.EOF ||
					!bytes.Equal(p[:n], file[at:][:n]) {
					t.Errorf("at %d: %d bytes, %v", at, n, err)
				}
			}
			a.ReadAhead(t.Context(), e, 200_000)
			var all bytes.Buffer
			if err := a.WriteTo(t.Context(), e, &all); err != nil || !bytes.Equal(all.Bytes(), file) {
				t.Errorf("all of it: %d bytes, %v", all.Len(), err)
			}
		})
	}
}

// cp over an archive that is mounted writes into the file that is open, and the rows of its
// textures are then another's: these are not given out. A file that was only touched is read on.
func TestOverwritten(t *testing.T) {
	t.Parallel()
	archive, file := threeOf(t)
	path := filepath.Join(t.TempDir(), "b.mbtiles")
	w := createAt(t, path)
	put(t, w, "32_16_BI12", ddsFile(mixed, 9))
	finish(t, w)
	other, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name          string
		before, after []byte
		want          error
	}{
		{"touched", archive, archive, nil},
		{"another", archive, other, ErrCorrupt},
		{"cut", archive, archive[:4096], ErrCorrupt},
		{"format 1", older(t, archive), other, ErrCorrupt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.before)
			long := time.Now().Add(-time.Hour)
			if err := os.Chtimes(path, long, long); err != nil {
				t.Fatal(err)
			}
			a := openAt(t, path)
			e := lookup(t, a, "32_16_BI12")
			if err := os.WriteFile(path, tt.after, 0o600); err != nil {
				t.Fatal(err)
			}
			p := make([]byte, len(file))
			_, err := a.ReadAt(t.Context(), e, p, 0)
			if !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), "overwritten") {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if tt.want == nil && !bytes.Equal(p, file) {
				t.Error("read otherwise")
			}
		})
	}
}

// Whatever a stranger changes, a texture is given out as it was or not at all, and the error names
// it. Of a texture of format 2 only the segments that are read matter.
func TestCheckedFinds(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	archive, file := threeOf(t)
	const ofSegment = `UPDATE segments SET codec = 0, data = zeroblob(`
	for _, tt := range []struct {
		name, sql string
		good      bool // the tail can still be read
		old       bool // it shows in format 1
	}{
		{"nothing", `SELECT 1`, true, false},
		{"another segment", ofSegment + `262144) WHERE id = 256`, true, true},
		{"the segment", ofSegment + `174776) WHERE id = 258`, false, true},
		{"no segment", `DELETE FROM segments WHERE id = 258`, false, true},
		{"SHA-256", `UPDATE contents SET sha256 = zeroblob(32) WHERE id = 1`, false, true},
		{"hashes", `UPDATE hashes SET states = zeroblob(64)`, false, false},
		{"short hashes", `UPDATE hashes SET states = zeroblob(32)`, false, false},
		{"no hashes", `DELETE FROM hashes`, false, false},
		{"tree", `UPDATE tree SET hashes = zeroblob(96)`, false, false},
		{"no tree", `DELETE FROM tree`, false, false},
		{"root", `UPDATE metadata SET value = 'x' WHERE name = 'xelpack:root'`, false, false},
		{"another format", `UPDATE contents SET side = 512, levels = 10, bytes = 174904 WHERE id = 1`,
			false, true},
		{"a texture less", `DELETE FROM textures WHERE row = 48`, false, false},
		{"swapped", `UPDATE textures SET content_id = 3 - content_id`, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for format, b := range map[int][]byte{1: older(t, archive), 2: archive} {
				if format == 1 && strings.Contains(tt.sql, "hashes") || format == 1 && !tt.old {
					continue
				}
				a := openChecked(t, altered(t, b, tt.sql))
				e := lookup(t, a, "32_16_BI12")
				tail := e.Layout.Size() - 1000
				p := make([]byte, 1000)
				_, err := a.ReadAt(t.Context(), e, p, tail)
				good := tt.good && format == 2
				if err == io.EOF {
					err = nil
				}
				if good && (err != nil || !bytes.Equal(p, file[tail:])) {
					t.Errorf("format %d: not read: %v", format, err)
				}
				if !good && (!errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "32_16_BI12")) {
					t.Errorf("format %d: got %v, want %v about the texture", format, err, ErrCorrupt)
				}
				if tt.name == "nothing" {
					continue
				}
				out := filepath.Join(t.TempDir(), "out.mbtiles")
				if _, err := a.Repack(t.Context(), out, CopyOptions{Quick: true}); !errors.Is(err, ErrCorrupt) {
					t.Errorf("format %d: copied: %v", format, err)
				}
			}
		})
	}
}

// Every bit that is flipped in a row of hashes or of the tree, or in a segment, is found.
func TestCheckedFlips(t *testing.T) {
	t.Parallel()
	archive, file := threeOf(t)
	find := func(part []byte) int {
		at := bytes.Index(archive, part)
		if at < 0 {
			t.Fatal("the bytes are not in the file as they are")
		}
		return at
	}
	sums := segment.CutOf(mixed).Hash(file)
	states := find(sums.States)
	for name, at := range map[string]int{"state": states, "last byte of a state": states + 63,
		"SHA-256": find(sums.SHA[:]), "noise": find(file[300_000:300_032])} {
		for bit := range 8 {
			b := overwritten(archive, at, string([]byte{archive[at] ^ 1<<bit}))
			a := openChecked(t, b)
			err := a.WriteTo(t.Context(), lookup(t, a, "32_16_BI12"), io.Discard)
			if !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s, bit %d: got %v", name, bit, err)
			}
		}
	}
}

// The archive that an earlier version made is read, gone on with as it is, and raised by repack to
// what this version makes.
func TestFormat1(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	old, err := os.ReadFile(filepath.Join("testdata", "format1.mbtiles"))
	if err != nil {
		t.Fatal(err)
	}
	a := openAt(t, write(t, old))
	if r := mustVerify(t, a); a.Format() != 1 || a.Root() != "" || r.Root != "" || r.Format != 1 {
		t.Errorf("format %d, root %q; %+v", a.Format(), a.Root(), r)
	}
	raised := repack(t, a, CopyOptions{Quick: true})
	mustVerify(t, raised)
	if raised.Format() != FormatVersion || len(raised.Root()) != 64 {
		t.Errorf("format %d, root %q", raised.Format(), raised.Root())
	}

	_ = a.Close() // Windows replaces no file that is open
	w, err := Create(t.Context(), a.Path(), WriterOptions{Extend: true})
	if err != nil {
		t.Fatal(err)
	}
	put(t, w, "80_16_BI12", halfNoise(mixed))
	put(t, w, "32_16_BI12", ddsFile(small, 9))
	finish(t, w)
	extended := openAt(t, a.Path())
	mustVerify(t, extended)
	if extended.Format() != 1 {
		t.Errorf("extended, it has format %d", extended.Format())
	}

	contents := make(map[string][]byte)
	for e := range extended.All() {
		var file bytes.Buffer
		if err := extended.WriteTo(t.Context(), e, &file); err != nil {
			t.Fatal(err)
		}
		contents[e.Texture.Name()] = file.Bytes()
	}
	fresh := build(t, contents)
	want := repack(t, fresh, CopyOptions{Recompress: true, Compression: Fast})
	got := repack(t, extended, CopyOptions{Recompress: true, Compression: Fast})
	if got.Root() != want.Root() || got.Root() != fresh.Root() || len(got.Root()) != 64 {
		t.Errorf("root %s, want %s as %s", got.Root(), want.Root(), fresh.Root())
	}
}

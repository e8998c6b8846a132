package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each kind of damage is found, and the textures that suffer are named.
func TestVerifyFinds(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	good := sound(t)
	const first, second = "32_16_BI12", "48_16_BI12" // contents 1 and 2
	for _, tt := range []struct {
		name    string
		sql     string
		texture string
		says    string
	}{
		{"pixels", `UPDATE segments SET codec = 0, data = zeroblob(43704) WHERE id = 256`, first,
			"do not match its SHA-256"},
		{"hash", `UPDATE contents SET sha256 = zeroblob(32) WHERE id = 2`, second,
			"do not match its SHA-256"},
		{"hash length", `UPDATE contents SET sha256 = zeroblob(31) WHERE id = 2`, second,
			"wrong length"},
		{"segment missing", `DELETE FROM segments WHERE id = 512`, second, "missing"},
		{"segment of nothing", `INSERT INTO segments VALUES (9999, 0, x'00')`, "",
			"1 unused segments"},
		{"segment beyond", `INSERT INTO segments VALUES (513, 0, x'00')`, "",
			"1 unused segments"},
		{"content of nothing", `INSERT INTO contents VALUES (7, zeroblob(32), 1, 256, 9, 43832)`,
			"", "1 unused contents"},
		{"texture missing", `DELETE FROM textures WHERE row = 48`, "",
			"unused contents"},
		{"digest", `UPDATE metadata SET value = 'x' WHERE name = 'xelpack:digest'`, "",
			"the digest is"},
		{"no digest", `DELETE FROM metadata WHERE name = 'xelpack:digest'`, "", "the digest is"},
		{"preview missing", `DELETE FROM tiles WHERE zoom_level = 8 AND tile_row = 255 - 2`, first,
			"preview 8/1/2 is missing"},
		{"preview broken",
			`UPDATE tiles SET tile_data = x'ffd8' WHERE zoom_level = 8 AND tile_row = 255 - 2`,
			first, "preview 8/1/2: not a JPEG"},
		{"preview cut",
			`UPDATE tiles SET tile_data = substr(tile_data, 1, length(tile_data) / 2) WHERE zoom_level = 8 AND tile_row = 255 - 2`, first, "cannot be decoded"},
		{"preview text", `UPDATE tiles SET tile_data = 'x' WHERE zoom_level = 8`, "", "column"},
		{"preview outside",
			`UPDATE tiles SET zoom_level = 9 WHERE zoom_level = 8 AND tile_row = 255 - 2`, "",
			"outside"},
		{"overview missing", `DELETE FROM tiles WHERE zoom_level = 0`, "",
			"overview 0/0/0 is missing"},
		{"twins in case",
			`INSERT INTO textures SELECT zl, row, col, 'bi', detail, content_id, 1, 0, 0, 0, '' FROM textures WHERE row = 32`, "32_16_bi12", "duplicate of 32_16_BI12"},
		{"counts of the third owner",
			`INSERT INTO textures SELECT zl, 96, col, maptype, detail, content_id, 300, 0, 0, 0, '' FROM textures WHERE row = 32`, "96_16_BI12", "count of chunks 300"},
		{"provider", `UPDATE textures SET provider = x'00' WHERE row = 48`, second, "column"},
		{"counts", `UPDATE textures SET failed = -1 WHERE row = 32`, first, "count of chunks -1"},
		{"hashes of nothing", `INSERT INTO hashes VALUES (1, zeroblob(32))`, first,
			"its hashes take 32 bytes (want 0)"},
		{"hashes of no content", `INSERT INTO hashes VALUES (7, zeroblob(32))`, "",
			"1 unused rows of hashes"},
		{"tree", `UPDATE tree SET hashes = zeroblob(64)`, second, "of the tree is wrong"},
		{"tree short", `UPDATE tree SET hashes = zeroblob(63)`, "", "has 63 bytes (want 64)"},
		{"no tree", `DELETE FROM tree`, "", "has 0 bytes (want 64)"},
		{"tree too large", `INSERT INTO tree VALUES (1, zeroblob(32))`, "", "1 unused blocks"},
		{"root", `UPDATE metadata SET value = 'x' WHERE name = 'xelpack:root'`, "", "the root is"},
		{"no root", `DELETE FROM metadata WHERE name = 'xelpack:root'`, "", "the root is"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := openAt(t, write(t, altered(t, good, tt.sql)))
			r, err := a.Verify(t.Context(), VerifyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if r.OK || len(r.Problems) == 0 {
				t.Fatal("nothing found")
			}
			for _, p := range r.Problems {
				if p.Texture == tt.texture && strings.Contains(p.What, tt.says) {
					return
				}
			}
			t.Errorf("found %q, want %q of %q", r.Problems, tt.says, tt.texture)
		})
	}
}

// A single wrong byte in the file, wherever a texture's segment lies, is put down to that texture
// and to no other.
func TestVerifyLocatesByte(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	mark := []byte("here it is, the one and only piece of text that can be found")
	file := ddsFile(full, 1)
	copy(file[5_000_000:], mark)
	put(t, w, "32_16_BI12", file)
	put(t, w, "48_16_BI12", ddsFile(small, 2))
	put(t, w, "64_16_GO212", file)
	finish(t, w)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(b), string(mark[:20]))
	if at < 0 {
		t.Fatal("the marked bytes are not in the file as they are")
	}
	b[at] ^= 1
	r, err := openAt(t, write(t, b)).Verify(t.Context(), VerifyOptions{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(r.Problems)
	want := "[32_16_BI12: its bytes do not match its SHA-256 " +
		"64_16_GO212: its bytes do not match its SHA-256]"
	if got != want {
		t.Errorf("problems\n got %s\nwant %s", got, want)
	}
}

func TestVerifyProgress(t *testing.T) {
	t.Parallel()
	files := make(map[string][]byte)
	for i := range 9 {
		files[fmt.Sprintf("%d_16_BI12", 16*i)] = ddsFile(small, uint64(i%4))
	}
	a := build(t, files)
	last, total := int64(0), int64(0)
	r, err := a.Verify(t.Context(), VerifyOptions{Workers: 3, Progress: func(done, of int64) {
		if done <= last {
			t.Errorf("%d after %d", done, last)
		}
		last, total = done, of
	}})
	if err != nil || !r.OK || r.Textures != 9 || r.Checked != 9 || last != 4*small.Size() ||
		total != last {
		t.Errorf("%+v, %v; progress %d of %d", r, err, last, total)
	}
}

func TestVerifyCancelled(t *testing.T) {
	t.Parallel()
	a := build(t, map[string][]byte{"16_16_BI12": ddsFile(small, 1),
		"32_16_BI12": ddsFile(small, 2)})
	ctx, cancel := context.WithCancel(t.Context())
	_, err := a.Verify(ctx, VerifyOptions{Workers: 1, Progress: func(int64, int64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// A quick look finds what is wrong with the tables, and damage in the sample; here the sample is
// everything. What it does not look at is no problem.
func TestVerifyQuick(t *testing.T) {
	t.Parallel()
	good := sound(t)
	const first, second = "32_16_BI12", "48_16_BI12" // contents 1 and 2
	for _, tt := range []struct {
		name, sql     string
		texture, says string // empty: nothing is found
	}{
		{"sound", `SELECT 1`, "", ""},
		{"pixels", `UPDATE segments SET codec = 0, data = zeroblob(43704) WHERE id = 256`, first,
			"do not match its SHA-256"},
		{"segment missing", `DELETE FROM segments WHERE id = 512`, second, "missing"},
		{"content of nothing", `INSERT INTO contents VALUES (7, zeroblob(32), 1, 256, 9, 43832)`,
			"", "1 unused contents"},
		{"digest", `UPDATE metadata SET value = 'x' WHERE name = 'xelpack:digest'`, "",
			"the digest is"},
		{"preview missing", `DELETE FROM tiles WHERE zoom_level = 8 AND tile_row = 255 - 2`, first,
			"preview 8/1/2 is missing"},
		{"counts", `UPDATE textures SET failed = -1 WHERE row = 32`, first, "count of chunks -1"},
		{"preview broken", `UPDATE tiles SET tile_data = x'ffd8' WHERE zoom_level = 8`, "", ""},
		{"segment of nothing", `INSERT INTO segments VALUES (9999, 0, x'00')`, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := openAt(t, write(t, altered(t, good, tt.sql))).Verify(t.Context(),
				VerifyOptions{Quick: true})
			if err != nil {
				t.Fatal(err)
			}
			if r.OK != (tt.says == "") || r.OK && len(r.Problems) > 0 {
				t.Fatalf("ok %v, problems %q", r.OK, r.Problems)
			}
			for _, p := range r.Problems {
				if p.Texture == tt.texture && strings.Contains(p.What, tt.says) {
					return
				}
			}
			if !r.OK {
				t.Errorf("found %q, want %q of %q", r.Problems, tt.says, tt.texture)
			}
		})
	}
}

// Of many contents a quick look takes a sample, and textures that share a content count.
func TestVerifyQuickSample(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds under the race detector: for the full suite")
	}
	files := make(map[string][]byte)
	for i := range 80 {
		files[fmt.Sprintf("%d_16_BI12", 16*i)] = solidFile(small, uint16(i))
	}
	a := build(t, files)
	r, err := a.Verify(t.Context(), VerifyOptions{Quick: true})
	if err != nil || !r.OK || r.Checked != 64 || r.Textures != 80 {
		t.Errorf("%+v, %v", r, err)
	}
	if r := mustVerify(t, a); r.Checked != 80 {
		t.Errorf("all: %+v", r)
	}
}

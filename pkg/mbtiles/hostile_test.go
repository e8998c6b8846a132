package mbtiles

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Names are data: whatever stands in them, nothing of it is run.
func TestNamesAreData(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long and finds no race: for the full suite")
	}
	t.Parallel()
	for what, statement := range map[string]string{
		"maptype":  `UPDATE textures SET maptype = 'x'');DROP**TABLE(tiles);--' WHERE row = 32`,
		"provider": `UPDATE textures SET provider = 'x'');DROP TABLE tiles;--'`,
		"metadata": `INSERT INTO metadata VALUES ('x''); DROP TABLE tiles; --', 'y''); DROP TABLE tiles; --')`,
		"table":    `CREATE TABLE "x""); DROP TABLE tiles; --" (a)`,
	} {
		t.Run(what, func(t *testing.T) {
			file := altered(t, sound(t), statement)
			path := write(t, file)
			a := openAt(t, path)
			for e := range a.All() {
				if _, err := a.Record(t.Context(), e); err != nil {
					t.Error(err)
				}
				if _, ok := a.Lookup(e.Texture.Key()); !ok {
					t.Errorf("%s is not found", e.Texture)
				}
			}
			if _, err := a.Info(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := a.Verify(t.Context(), VerifyOptions{}); err != nil {
				t.Error(err)
			}
			if !bytes.Equal(mustRead(t, path), file) {
				t.Error("the file changed")
			}
		})
	}
}

// Tables that share their pages read as damage, not as each other's rows.
func TestSharedPages(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine: for the full suite")
	}
	for _, other := range []string{"tiles", "contents", "metadata", "textures"} {
		t.Run(other, func(t *testing.T) {
			a, err := Open(t.Context(),
				write(t, altered(t, sound(t), swapRoot("segments", other)...)))
			if errors.Is(err, ErrCorrupt) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			for e := range a.All() {
				if err := a.WriteTo(t.Context(), e, io.Discard); !errors.Is(err, ErrCorrupt) {
					t.Errorf("%s: got %v, want %v", e.Texture, err, ErrCorrupt)
				}
			}
			if r, err := a.Verify(t.Context(), VerifyOptions{}); err != nil || r.OK {
				t.Errorf("verified: %v, %v", r.OK, err)
			}
		})
	}
}

// A few bytes of preview may say that they are billions of pixels.
func TestPictureOfAStranger(t *testing.T) {
	t.Parallel()
	a := openAt(t, write(t, altered(t, sound(t),
		`UPDATE tiles SET tile_data = x'ffd8ffc0000b08ffffffff01011100ffda0008010100003f0000' WHERE zoom_level = 0`,
		`UPDATE tiles SET tile_data = x'00' WHERE zoom_level = 1`)))
	for z, says := range []string{"65535×65535 px, want 256×256", "not a JPEG"} {
		img, err := a.Picture(t.Context(), tiles.ZL(z), 0, 0)
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), says) || img != nil {
			t.Errorf("zoom %d: %v, want %v that says %q", z, err, ErrCorrupt, says)
		}
	}
	if img, err := a.Picture(t.Context(), 8, 1, 2); err != nil ||
		img.Bounds().Dx() != preview.Side {
		t.Errorf("an intact one: %v", err)
	}
}

// A journal that a stranger sends with a .part may name any file, which SQLite would delete.
func TestForeignJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	victim, part := filepath.Join(dir, "victim"), filepath.Join(dir, "a.mbtiles.part")
	journal := superJournal(victim)
	for name, b := range map[string][]byte{victim: []byte("precious"),
		part: altered(t, sound(t),
			`UPDATE metadata SET value = 'building' WHERE name = 'xelpack:state'`),
		part + sqlite.JournalSuffix: journal} {
		if err := os.WriteFile(name, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(t.Context(), part); !errors.Is(err, ErrCorrupt) ||
		!strings.Contains(err.Error(), "a.mbtiles.part-journal") {
		t.Errorf("Open: %v", err)
	}
	if _, err := Create(t.Context(), strings.TrimSuffix(part, partSuffix),
		WriterOptions{}); !errors.Is(err, ErrCorrupt) ||
		!strings.Contains(err.Error(), "a.mbtiles.part-journal") {
		t.Errorf("Create: %v", err)
	}
	if string(mustRead(t, victim)) != "precious" {
		t.Error("the victim changed")
	}
	if diff := cmp.Diff([]string{"a.mbtiles.part", "a.mbtiles.part-journal", "victim"},
		files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// superJournal is a rollback journal of no pages that names a further file.
func superJournal(victim string) []byte {
	b := make([]byte, 512)
	copy(b, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")
	binary.BigEndian.PutUint32(b[16:], 1) // pages before
	binary.BigEndian.PutUint32(b[20:], 512)
	binary.BigEndian.PutUint32(b[24:], sqlpages.PageSize)
	sum := uint32(0)
	for _, c := range []byte(victim) {
		sum += uint32(c)
	}
	b = binary.BigEndian.AppendUint32(b, 0)
	b = append(b, victim...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(victim)))
	b = binary.BigEndian.AppendUint32(b, sum)
	return append(b, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"...)
}

// What Open cannot see, since it looks at no segment, reading refuses: in bounded memory, saying
// which texture and which segment.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine: for the full suite")
	}
	good := sound(t)
	bomb := func(size int) string {
		return fmt.Sprintf("x'%x'", zstdFrame(t, size))
	}
	for _, tt := range []struct {
		name string
		sql  string
		says string
	}{
		{"row missing", `DELETE FROM segments WHERE id = 256`, "missing"},
		{"too short", `UPDATE segments SET codec = 0, data = x'00' WHERE id = 256`,
			"1 bytes, want 43704"},
		{"too long", `UPDATE segments SET codec = 0, data = zeroblob(43705) WHERE id = 256`,
			"43705 bytes, want 43704"},
		{"empty", `UPDATE segments SET data = x'' WHERE id = 256`, "want 43704"},
		{"not zstd", `UPDATE segments SET codec = 1, data = x'0011223344' WHERE id = 256`, "zstd"},
		{"bomb", `UPDATE segments SET codec = 1, data = ` + bomb(100<<20) + ` WHERE id = 256`,
			"decompressed size"},
		{"a byte more", `UPDATE segments SET codec = 1, data = ` + bomb(43705) + ` WHERE id = 256`,
			"decompressed size"},
		{"a byte less", `UPDATE segments SET codec = 1, data = ` + bomb(43703) + ` WHERE id = 256`,
			"43703 bytes, want 43704"},
		{"codec unknown", `UPDATE segments SET codec = 4 WHERE id = 256`, "codec 4"},
		{"codec text", `UPDATE segments SET codec = 'x' WHERE id = 256`, "column"},
		{"data text", `UPDATE segments SET data = 'x' WHERE id = 256`, "column"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := openAt(t, write(t, altered(t, good, tt.sql)))
			var e Entry
			for e = range a.All() {
				if e.content == 1 {
					break
				}
			}
			for _, n := range []int{10, 43704} {
				_, err := a.ReadAt(t.Context(), e, make([]byte, n), 128)
				for _, says := range []string{tt.says, a.path, e.Texture.Name(), "segment 256"} {
					if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), says) &&
						!strings.Contains(says, "segment") {
						t.Errorf("%d bytes: %v, want %v that says %q", n, err, ErrCorrupt, says)
					}
				}
			}
		})
	}
}

// FuzzOpen damages a sound archive, opens it and uses all of it. Errors are fine; panics, changes
// to the file and false verdicts are not.
func FuzzOpen(f *testing.F) {
	good := sound(f)
	f.Add(uint32(0), []byte{0})
	f.Add(uint32(18), []byte{2, 2})
	f.Add(uint32(sqlpages.PageSize), []byte{5, 0, 0})
	f.Add(uint32(3*sqlpages.PageSize+100), []byte("\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, off uint32, patch []byte) {
		b := slices.Clone(good)
		at := int(off) % len(b)
		changed := !bytes.Equal(b[at:][:min(len(patch), len(b)-at)],
			patch[:min(len(patch), len(b)-at)])
		copy(b[at:], patch)
		path := write(t, b)
		ctx, cancel := context.WithTimeout(t.Context(), patience.For(t))
		defer cancel()
		a, err := Open(ctx, path)
		if err == nil {
			defer a.Close()
			if _, err := a.Info(ctx); err != nil && ctx.Err() != nil {
				t.Errorf("info takes for ever: %v", err)
			}
			for e := range a.All() {
				if err := a.WriteTo(ctx, e, io.Discard); err != nil && !errors.Is(err, ErrCorrupt) {
					t.Errorf("read: %v", err)
				}
			}
			r, err := a.Verify(ctx, VerifyOptions{Workers: 1})
			if err != nil {
				t.Errorf("verify: %v", err)
			}
			if !changed && !r.OK {
				t.Errorf("nothing changed, yet: %v", r.Problems)
			}
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, b) {
			t.Errorf("the file changed: %v", err)
		}
	})
}

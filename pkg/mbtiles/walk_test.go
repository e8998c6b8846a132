package mbtiles

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/dds"
)

// twoOfAKind is an archive of two textures that differ at their very end only, so that their first
// segments are equal and reach over many pages.
func twoOfAKind(t *testing.T) []byte {
	t.Helper()
	file := ddsFile(dds.Layout{Format: dds.BC1, Side: 1024}, 1)
	other := slices.Clone(file)
	other[len(other)-1] ^= 1
	return mustRead(t, build(t, map[string][]byte{"16_16_BI12": file, "32_16_BI12": other}).path)
}

// standsAt returns where in the file of twoOfAKind the leaf lies that has the first segment of the
// nth texture on it, and the number in it of the page where the segment goes on.
func standsAt(t *testing.T, file []byte, nth int) (leaf, chain int) {
	t.Helper()
	data := ddsFile(dds.Layout{Format: dds.BC1, Side: 1024}, 1)[dds.HeaderSize:]
	at := -1
	for nth > 0 {
		n := bytes.Index(file[at+1:], data[:16])
		if n < 0 {
			t.Fatal("there are fewer segments")
		}
		at += 1 + n
		// a leaf; the root keeps remains of one
		if file[at/sqlpages.PageSize*sqlpages.PageSize] == 13 {
			nth--
		}
	}
	for i := range data {
		if file[at+i] != data[i] {
			return at / sqlpages.PageSize * sqlpages.PageSize, at + i
		}
	}
	t.Fatal("the segment is on one page")
	return 0, 0
}

// Damage that the reader of segments walks past, because every texture comes out right in spite of
// it, is found: the next program that changes the file would make more of it. All of these passed
// as sound when SQLite was not asked about segments.
func TestVerifyLetsSQLiteWalk(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	good := twoOfAKind(t)
	for _, tt := range []struct {
		name   string
		damage func(file []byte)
		says   string
	}{
		{"two segments share their pages", func(file []byte) {
			_, from := standsAt(t, file, 1)
			_, to := standsAt(t, file, 2)
			copy(file[to:], file[from:from+4])
		}, "2nd reference to page"},
		{"bytes of a leaf unaccounted for", func(file []byte) {
			leaf, _ := standsAt(t, file, 1)
			file[leaf+7] += 9
		}, "Fragmentation of"},
		{"free pages that are not there", func(file []byte) {
			binary.BigEndian.PutUint32(file[36:], 3)
		}, "reelist"},
		{"pages of nobody", func(file []byte) {
			binary.BigEndian.PutUint32(file[28:], uint32(len(file)/sqlpages.PageSize))
		}, "never used"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := slices.Clone(good)
			if strings.HasPrefix(tt.says, "never") {
				file = append(file, make([]byte, 8192)...)
			}
			tt.damage(file)
			a := openAt(t, write(t, file))
			// here it decodes everything
			quick, err := a.Verify(t.Context(), VerifyOptions{Quick: true})
			if err != nil || !quick.OK || quick.Checked != 2 {
				t.Fatalf("the damage shows without a walk: %+v, %v", quick, err)
			}
			full, err := a.Verify(t.Context(), VerifyOptions{})
			if err != nil || full.OK || len(full.Problems) > sqlite.MaxFindings+1 {
				t.Fatalf("%+v, %v", full, err)
			}
			if !slices.ContainsFunc(full.Problems, func(p Problem) bool {
				return p.Texture == "" && strings.Contains(p.What, "SQLite reports: ") &&
					strings.Contains(p.What, tt.says)
			}) {
				t.Errorf("found %q, want %q", full.Problems, tt.says)
			}
		})
	}
	integrity(t, write(t, good))
}

func TestWalkEndsWithContext(t *testing.T) {
	t.Parallel()
	a := openAt(t, write(t, twoOfAKind(t)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := a.reader.Conns.Do(t.Context(), func(c *sqlite.Conn) error {
		_, err := sqlite.Walk(ctx, c, sqlite.WholeFile)
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

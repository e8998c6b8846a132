package mbtiles

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/pkg/dds"
)

// twoOfAKind is an archive of two textures that differ at their very end only, so that their first segments are equal and reach over many pages.
func twoOfAKind(t *testing.T) []byte {
	t.Helper()
	file := ddsFile(dds.Layout{Format: dds.BC1, Side: 1024}, 1)
	other := slices.Clone(file)
	other[len(other)-1] ^= 1
	return mustRead(t, build(t, map[string][]byte{"16_16_BI12": file, "32_16_BI12": other}).path)
}

// standsAt returns where in the file the leaf lies that has a segment, and the number in it of the page where the segment goes on.
func standsAt(t *testing.T, a *Archive, id int64) (leaf, chain int) {
	t.Helper()
	page, ok := a.direct.leaf(id, make([]byte, a.direct.size))
	if !ok {
		t.Fatalf("no segment %d", id)
	}
	c, ok := a.direct.cell(page, id)
	if !ok || c.overflow == 0 {
		t.Fatalf("segment %d is on one page", id)
	}
	file := mustRead(t, a.path)
	leaf = strings.Index(string(file), string(page))
	number := binary.BigEndian.AppendUint32(nil, c.overflow)
	return leaf, leaf + strings.Index(string(page), string(append(slices.Clone(c.local[len(c.local)-16:]), number...))) + 16
}

// Damage that the reader of segments walks past, because every texture comes out right in spite of it, is found: the next program that changes the file
// would make more of it. All of these passed as sound when SQLite was not asked about segments.
func TestVerifyLetsSQLiteWalk(t *testing.T) {
	t.Parallel()
	good := twoOfAKind(t)
	first, second := segmentID(1, 0), segmentID(2, 0)
	for _, tt := range []struct {
		name   string
		damage func(a *Archive, file []byte)
		says   string
	}{
		{"two segments share their pages", func(a *Archive, file []byte) {
			_, from := standsAt(t, a, first)
			_, to := standsAt(t, a, second)
			copy(file[to:], file[from:from+4])
		}, "2nd reference to page"},
		{"bytes of a leaf unaccounted for", func(a *Archive, file []byte) {
			leaf, _ := standsAt(t, a, first)
			file[leaf+7] += 9
		}, "Fragmentation of"},
		{"free pages that are not there", func(_ *Archive, file []byte) { binary.BigEndian.PutUint32(file[36:], 3) }, "reelist"},
		{"pages of nobody", func(a *Archive, file []byte) {
			binary.BigEndian.PutUint32(file[28:], uint32(len(file)/a.direct.size))
		}, "never used"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := slices.Clone(good)
			if strings.HasPrefix(tt.says, "never") {
				file = append(file, make([]byte, 8192)...)
			}
			tt.damage(openAt(t, write(t, good)), file)
			a := openAt(t, write(t, file))
			quick, err := a.Verify(t.Context(), VerifyOptions{Quick: true}) // here it decodes everything
			if err != nil || !quick.OK || quick.Checked != 2 {
				t.Fatalf("the damage shows without a walk: %+v, %v", quick, err)
			}
			full, err := a.Verify(t.Context(), VerifyOptions{})
			if err != nil || full.OK || len(full.Problems) > maxFindings+1 {
				t.Fatalf("%+v, %v", full, err)
			}
			if !slices.ContainsFunc(full.Problems, func(p Problem) bool {
				return p.Texture == "" && strings.Contains(p.What, "SQLite finds: ") && strings.Contains(p.What, tt.says)
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
	err := a.conns.do(t.Context(), func(c *conn) error {
		_, err := walk(ctx, c, wholeFile)
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

package mbtiles

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// checkParts reads parts of every segment in random order and compares them with what SQLite reads.
// It returns how many were read and refused.
func checkParts(t *testing.T, a *Archive) (read, refused int) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		for id, row := range rowsOf(t, a) {
			length := pieceOf(t, a, id).Length
			within := rnd.IntN(length)
			got := make([]byte, 1+rnd.IntN(length-within))
			switch ok := a.reader.Pages.Part(id, length, got, within); {
			case row.Codec != segment.Raw && ok:
				t.Errorf("segment %d is compressed, yet a part of it was read as it is", id)
			case !ok && row.Codec == segment.Raw:
				refused++
			case ok:
				read++
				if !bytes.Equal(got, row.Data[within:][:len(got)]) {
					t.Errorf("segment %d: other bytes at %d, %d long", id, within, len(got))
				}
			}
			if a.reader.Pages.Part(id, length+1, got, within) {
				t.Errorf("segment %d passes for another length", id)
			}
		}
	}
	return read, refused
}

// Parts of segments are read as SQLite reads them, whatever the size of a page.
func TestParts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long and finds no race: for the full suite")
	}
	t.Parallel()
	original, err := os.ReadFile(build(t, mixture()).path)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{512, 4096, 8192, 65536} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			a := openAt(t, write(t, altered(t, original, fmt.Sprintf("PRAGMA page_size = %d", size), `VACUUM`)))
			if read, refused := checkParts(t, a); read == 0 || refused > 0 && size > 512 {
				t.Errorf("%d parts were read and %d refused", read, refused)
			}
		})
	}
}

// Rows that lie scattered over pages of removed ones are not mistaken for others.
func TestPartsScattered(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds under the race detector: for the full suite")
	}
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	for round := range 3 {
		for i := range 30 {
			side := []int{256, 512, 1024}[(i+round)%3]
			put(t, w, fmt.Sprintf("%d_16_BI12", 16*i), ddsFile(dds.Layout{Format: dds.BC1, Side: side}, uint64(100*round+i)))
			if err := w.flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	finish(t, w)
	if read, refused := checkParts(t, openAt(t, path)); read == 0 || refused == 0 {
		t.Errorf("%d parts were read and %d refused: want both", read, refused)
	}
}

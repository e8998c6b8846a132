package scenery_test

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/pkg/scenery"
)

// rasters makes the atoms of a DSF with rasters of width × height values, all of a raster v(name).
func rasters(names []string, width, height int, scale float32, v func(i int) byte) [][]byte {
	var demn string
	var dems [][]byte
	for i, name := range names {
		demn += name + "\x00"
		info := []byte{1, 1, 0, 0}
		info = binary.LittleEndian.AppendUint32(info, uint32(width))
		info = binary.LittleEndian.AppendUint32(info, uint32(height))
		info = binary.LittleEndian.AppendUint32(info, math.Float32bits(scale))
		info = binary.LittleEndian.AppendUint32(info, 0)
		dems = append(dems, scenerytest.Atom("DEMI", info),
			scenerytest.Atom("DEMD", []byte(strings.Repeat(string([]byte{v(i)}), width*height))))
	}
	return [][]byte{scenerytest.Atom("DEFN", scenerytest.Atom("DEMN", []byte(demn))),
		scenerytest.Atom("DEMS", dems...)}
}

func TestReadSeasons(t *testing.T) {
	file := filepath.Join(t.TempDir(), "+47+013.dsf")
	read := func(content []byte) (*scenery.Seasons, error) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return scenery.ReadSeasons(file)
	}
	names := []string{"sea_level", "spr1", "spr2", "sum1", "sum2", "fal1", "fal2", "win1", "win2"}
	good := rasters(names, 100, 70, 1.5, func(i int) byte { return byte(10 * i) })
	s, err := read(sealed(good...))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.At(47.999, 13), [8]int{15, 30, 45, 60, 75, 90, 105, 120}; got != want {
		t.Errorf("days %v, want %v", got, want)
	}
	if s, err := read(sealed(good[0])); s != nil || err != nil {
		t.Errorf("without rasters: %v, %v", s, err)
	}
	some := rasters(names[:4], 9, 9, 1, func(int) byte { return 1 })
	if _, err := read(sealed(some...)); !errors.Is(err, scenery.ErrDSF) || !strings.Contains(err.Error(), "3 of 8") {
		t.Errorf("three rasters: %v", err)
	}
	whole := sealed(good...)
	for cut := 13; cut < len(whole); cut += 997 { // never a panic, never days out of nothing
		if s, err := read(whole[:cut]); err == nil && s != nil {
			t.Errorf("cut to %d bytes: read", cut)
		}
	}
	for at := range 3000 { // damaged numbers
		bad := append([]byte{}, whole...)
		bad[at] ^= 0x55
		_, _ = read(bad)
	}
}

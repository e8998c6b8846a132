package scenery_test

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

var testBox = tiles.Box{West: 5, South: 43, East: 6, North: 44}

// sealed returns a DSF of these atoms with the right checksum.
func sealed(atoms ...[]byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte("XPLNEDSF"), 1)
	b = append(b, slices.Concat(atoms...)...)
	sum := md5.Sum(b)
	return append(b, sum[:]...)
}

func TestReadDSFOfSyntheticPackage(t *testing.T) {
	made, err := scenerytest.Make(t.TempDir(),
		scenerytest.Options{Limit: 9,
			Box: tiles.Box{West: -0.1, South: -0.1, East: 0.1, North: 0.1}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"+00+000/+00+000.dsf", "+00-010/+00-001.dsf", "-10+000/-01+000.dsf",
		"-10-010/-01-001.dsf"}
	for i, file := range made.DSFs {
		if i >= len(want) || !strings.HasSuffix(filepath.ToSlash(file), "Earth nav data/"+want[i]) {
			t.Errorf("DSF %s, want %v", file, want)
			continue
		}
		d, err := scenery.ReadDSF(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, terrain := range d.Terrains[1:] {
			if _, err := os.Stat(filepath.Join(made.Dir, terrain)); err != nil {
				t.Errorf("%s lists %s, which is absent", file, terrain)
			}
		}
	}
	if len(made.DSFs) != len(want) {
		t.Errorf("%d DSFs, want %d", len(made.DSFs), len(want))
	}
}

func TestParseDSF(t *testing.T) {
	file := scenerytest.DSF(testBox, []string{"terrain/a.ter", "terrain/b.ter"})
	d, err := scenery.ParseDSF(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"terrain_Water", "terrain/a.ter", "terrain/b.ter"},
		d.Terrains); diff != "" {
		t.Errorf("terrains (-want +got):\n%s", diff)
	}
	if box, ok := d.Box(); !ok || box != testBox {
		t.Errorf("Box is %v, %v", box, ok)
	}
	if d.Properties["sim/planet"] != "earth" {
		t.Errorf("properties %v", d.Properties)
	}
}

func TestParseDSFWithoutLists(t *testing.T) {
	for name, file := range map[string][]byte{
		"empty lists": sealed(scenerytest.Atom("HEAD", scenerytest.Atom("PROP")),
			scenerytest.Atom("DEFN", scenerytest.Atom("TERT"))),
		"no list":       sealed(scenerytest.Atom("DEFN")),
		"unknown atoms": sealed(scenerytest.Atom("WHAT", []byte("not atoms")), scenerytest.Atom("DEFN")),
		"odd property": sealed(scenerytest.Atom("HEAD",
			scenerytest.Atom("PROP", []byte("sim/west\x00"))), scenerytest.Atom("DEFN")),
	} {
		d, err := scenery.ParseDSF(bytes.NewReader(file), int64(len(file)))
		if err != nil || len(d.Terrains) != 0 {
			t.Errorf("%s: %v, %v; want no terrain", name, d, err)
		}
		if box, ok := d.Box(); ok {
			t.Errorf("%s: Box is %v", name, box)
		}
	}
}

func TestParseDSFHostile(t *testing.T) {
	good := scenerytest.DSF(testBox, []string{"terrain/a.ter"})
	patched := func(offset int, value uint32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[offset:], value)
		return b
	}
	prop := slices.Concat([]byte("PORP"), []byte{0xff, 0xff, 0xff, 0x7f})
	for _, tt := range []struct {
		name string
		file []byte
		want error
		text string
	}{
		{"empty", nil, scenery.ErrDSF, "XPLNEDSF"},
		{"text", []byte("A\n800\nDSF\n"), scenery.ErrDSF, "XPLNEDSF"},
		{"cookie only", good[:8], scenery.ErrDSF, "too short"},
		{"head only", good[:20], scenery.ErrDSF, "too short"},
		{"compressed", []byte("7z\xbc\xaf\x27\x1c\x00\x04"), scenery.ErrDSFCompressed, "7z"},
		{"version", patched(8, 2), scenery.ErrDSF, "version 2"},
		{"cut after its header", sealed(), scenery.ErrDSF, "it has no definitions"},
		{"atom longer than the file", patched(16, 1<<31), scenery.ErrDSF, "HEAD"},
		{"atom of no length", patched(16, 0), scenery.ErrDSF, "HEAD"},
		{"atom shorter than its header", patched(16, 7), scenery.ErrDSF, "HEAD"},
		{"inner atom longer than its parent", sealed(scenerytest.Atom("HEAD", prop)),
			scenery.ErrDSF, "PROP"},
		{"stray bytes", sealed([]byte("abc")), scenery.ErrDSF, "stray"},
		{"cut short", good[:len(good)-30], scenery.ErrDSF, "bytes"},
		{"atoms without end", sealed(bytes.Repeat(scenerytest.Atom("WHAT"), 5000)), scenery.ErrDSF,
			"more than 4096"},
		{"list of too many", sealed(
			scenerytest.Atom("DEFN", scenerytest.Atom("TERT",
				bytes.Repeat([]byte("a\x00"), 1<<16+1)))), scenery.ErrDSF, "lists 65537 names"},
		{"list too long", sealed(
			scenerytest.Atom("DEFN", scenerytest.Atom("TERT", make([]byte, 16<<20+1)))),
			scenery.ErrDSF, "more than"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := scenery.ParseDSF(bytes.NewReader(tt.file), int64(len(tt.file)))
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %v; want %v with %q", err, tt.want, tt.text)
			}
		})
	}
}

func TestReadDSFMissing(t *testing.T) {
	_, err := scenery.ReadDSF(filepath.Join(t.TempDir(), "missing.dsf"))
	if !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := scenery.ReadDSF(t.TempDir()); err == nil {
		t.Error("a folder passes for a DSF")
	}
}

func FuzzParseDSF(f *testing.F) {
	f.Add(scenerytest.DSF(testBox, []string{"terrain/a.ter"}))
	f.Add(sealed(scenerytest.Atom("DEFN", scenerytest.Atom("TERT", []byte("a")))))
	f.Fuzz(func(t *testing.T, file []byte) {
		d, err := scenery.ParseDSF(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			if !errors.Is(err, scenery.ErrDSF) && !errors.Is(err, scenery.ErrDSFCompressed) {
				t.Errorf("error %v of no known kind", err)
			}
			return
		}
		bytesOut := 0
		for _, name := range d.Terrains {
			bytesOut += len(name)
		}
		if bytesOut > len(file) {
			t.Errorf("%d bytes of names out of a file of %d", bytesOut, len(file))
		}
	})
}

package ddsdir

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

var small = dds.Layout{Format: dds.BC1, Side: 256}

// ddsFile makes a valid file of noise: every seed another one.
func ddsFile(l dds.Layout, seed byte) []byte {
	file := make([]byte, l.Size())
	h := l.Header()
	rand.NewChaCha8([32]byte{seed}).Read(file[copy(file, h[:]):])
	return file
}

// word is file with another number in its header.
func word(file []byte, at int, v uint32) []byte {
	file = append([]byte(nil), file...)
	binary.LittleEndian.PutUint32(file[at:], v)
	return file
}

func TestFind(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds under the race detector: for the full suite")
	}
	file := ddsFile(small, 1)
	half := ddsFile(dds.Layout{Format: dds.BC3, Side: 2048}, 2)
	dir := t.TempDir()
	for name, body := range map[string][]byte{
		"a/23952_33712_BI16.dds":  file,
		"a/23952-33728-go216.DDS": half,
		// other flags, and who made it in a reserved word
		"a/nvcompress/48_48_BI12.dds": word(word(file, 8, 0x000A1007|0x20000000), 40, 0x5454564e),
		"a/23952_33712_ZL16.png":      []byte("png"),
		"a/23952_33744_ZL16.dds":      file,
		"b/BI/23952_33712_z16.dds":    file, // a texture of its own: 256 px at z16 is one of ZL20
		"b/BI/23952_33744_z15.dds":    half,
		"b/BI/23952_33744_z15.ddm": []byte(
			`{"mm": 12, "populated_mipmaps": [0,1,2,3,4,5,6,7,8,9,10,11], "missing_indices": [3, 7]}`),
		"b/BI/23952_33760_z15.dds": half,
		"b/BI/23952_33760_z15.ddm": []byte(
			`{"mm": 12, "populated_mipmaps": [3,4,5], "missing_indices": []}`),
		"b/BI/23952_33776_z15.dds": half,
		"b/BI/23952_33776_z15.ddm": []byte(`{`),
		"b/23952_33712_BI16.dds":   file,
		"bad/16_16_BI12.dds":       nil,
		"bad/32_16_BI12.dds":       []byte("DDS "),
		"bad/48_16_BI12.dds":       file[:len(file)-1],
		"bad/64_16_BI12.dds":       append(append([]byte(nil), file...), 0),
		"bad/80_16_BI12.dds":       word(file, 84, 0x30315844), // DX10
		"bad/96_16_BI12.dds":       word(file, 12, 512),
		"bad/112_16_BI12.dds":      word(file, 28, 1),
		"bad/128_16_BI12.dds":      word(word(file, 12, 8192), 16, 8192),
		"bad/144_16_BI12.dds":      word(file, 80, 0x40),
		"bad/160_16_BI12.dds":      {0x28, 0xb5, 0x2f, 0xfd, 0, 0},
		"bad/17_16_BI12.dds":       file,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "nowhere"),
		filepath.Join(dir, "bad", "176_16_BI12.dds")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "bad", "192_16_BI12.dds"), 0o777); err != nil {
		t.Fatal(err)
	}
	mkfifo(t, filepath.Join(dir, "bad", "208_16_BI12.dds"))
	t.Chdir(dir)
	found, err := Find(t.Context(), "a", "b", "bad")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found.Files {
		got = append(got, f.Path+" "+f.Texture.Name())
		if f.Failed != 0 && f.Failed != 2 ||
			(f.Failed == 2) != (f.Texture.Name() == "23952_33744_BI16") {
			t.Errorf("%s: %d failed", f.Path, f.Failed)
		}
	}
	want := []string{
		"a/23952-33728-go216.DDS 23952_33728_go216", "a/23952_33712_BI16.dds 23952_33712_BI16",
		"a/nvcompress/48_48_BI12.dds 48_48_BI12",
		"b/BI/23952_33712_z16.dds 23952_33712_BI20", "b/BI/23952_33744_z15.dds 23952_33744_BI16",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	why := make(map[string]string)
	for _, s := range found.Skipped {
		why[s.File] = s.Why
	}
	for file, want := range map[string]string{
		"a/23952_33744_ZL16.dds":   "water mask",
		"b/BI/23952_33760_z15.dds": "only 3 of its 12 mip levels",
		"b/BI/23952_33776_z15.dds": ".ddm",
		"b/23952_33712_BI16.dds":   "same texture as a/23952_33712_BI16.dds",
		"bad/16_16_BI12.dds":       "not a DDS file", "bad/32_16_BI12.dds": "not a DDS file",
		"bad/48_16_BI12.dds": "it has 43831 bytes", "bad/64_16_BI12.dds": "it has 43833 bytes",
		"bad/80_16_BI12.dds": `unknown format "DX10"`, "bad/96_16_BI12.dds": "256×512 px",
		"bad/112_16_BI12.dds": "1 mip levels, want all 9",
		"bad/128_16_BI12.dds": "8192×8192 px", "bad/144_16_BI12.dds": "not block-compressed",
		"bad/160_16_BI12.dds": "compressed as a whole",
		"bad/17_16_BI12.dds":  "multiples of 16", "bad/176_16_BI12.dds": "no such file",
		"bad/208_16_BI12.dds": "not a regular file",
	} {
		if !strings.Contains(why[file], want) {
			t.Errorf("%s: %q, want %q", file, why[file], want)
		}
		delete(why, file)
	}
	if len(why) > 0 || found.Others != 4 {
		t.Errorf("also skipped: %v; %d others, want 4", why, found.Others)
	}

	// They go into an archive as X-Plane would have seen them, but for the header, which is ours.
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w, err := mbtiles.Create(t.Context(), path, mbtiles.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := os.Truncate("b/BI/23952_33744_z15.dds", 1000); err != nil { // since it was found
		t.Fatal(err)
	}
	report, err := Import(t.Context(), w, found,
		Options{Compression: mbtiles.Fast, Provider: "bing"})
	if err != nil || report.Imported != 4 || len(report.Skipped) != len(found.Skipped)+1 {
		t.Fatalf("%+v, %v", report, err)
	}
	again, err := Import(t.Context(), w, found, Options{})
	if err != nil || again.Present != 4 || again.Imported != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
	if err := w.Finish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	a, err := mbtiles.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for name, want := range map[string][]byte{"23952_33712_BI16": file, "23952_33728_go216": half,
		"48_48_BI12": file, "23952_33712_BI20": file} {
		texture, err := tiles.ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		e, ok := a.Lookup(texture.Key())
		if !ok {
			t.Fatalf("%s is not there", name)
		}
		var got bytes.Buffer
		if err := a.WriteTo(t.Context(), e, &got); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: %v, equal %v", name, err, bytes.Equal(got.Bytes(), want))
		}
		if r, err := a.Record(t.Context(), e); name == "23952_33728_go216" &&
			(err != nil || r.Detail != 1 || r.Chunks != 64 || r.Provider != "bing") {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if v, err := a.Verify(t.Context(), mbtiles.VerifyOptions{}); err != nil || !v.OK {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := Find(t.Context(), "nowhere"); err == nil {
		t.Error("no error for a folder that is not there")
	}
}

package mbtiles

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/testing/guard"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Tests here run at the same time, but for two kinds: those that change the working directory, and
// those that start other processes. A process that is being started has, for a moment, all that
// this one has open, and with it the locks of archives that other tests close and open again.
func TestMain(m *testing.M) {
	guard.Start()
	if what := os.Getenv(childVar); what != "" {
		if err := child(what); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	patience.Main(m)
}

// small is the layout of tests that are not about layouts.
var small = dds.Layout{Format: dds.BC1, Side: 256}

// ddsFile makes a valid file of noise: every seed another one.
func ddsFile(l dds.Layout, seed uint64) []byte {
	file := make([]byte, l.Size())
	h := l.Header()
	copy(file, h[:])
	rng := rand.NewChaCha8(sha256.Sum256([]byte{byte(seed), byte(seed >> 8), byte(l.Format), byte(l.Side >> 8)}))
	rng.Read(file[len(h):])
	return file
}

// solidFile makes a file of one colour, given as RGB 5:6:5.
func solidFile(l dds.Layout, colour uint16) []byte {
	h := l.Header()
	block := []byte{byte(colour), byte(colour >> 8), byte(colour), byte(colour >> 8), 0, 0, 0, 0}
	if l.Format == dds.BC3 {
		block = append([]byte{0xff, 0xff, 0, 0, 0, 0, 0, 0}, block...)
	}
	return append(h[:], bytes.Repeat(block, int(l.Size()-dds.HeaderSize)/len(block))...)
}

// groundFile makes a file like imagery: colours that change little from block to block, indices
// that resemble each other, alpha mostly opaque.
func groundFile(l dds.Layout, seed uint64) []byte {
	file := solidFile(l, 0)
	rng := rand.New(rand.NewPCG(seed, 5))
	block := 8
	if l.Format == dds.BC3 {
		block = 16
	}
	r, g, b := 15, 30, 12
	for at := dds.HeaderSize; at < len(file); at += block {
		step := func(v, most int) int { return min(max(v+rng.IntN(5)-2, 3), most-1) }
		r, g, b = step(r, 31), step(g, 63), step(b, 31)
		half := file[at+block-8:][:8]
		binary.LittleEndian.PutUint16(half, uint16(r<<11|g<<5|b))
		binary.LittleEndian.PutUint16(half[2:], uint16((r-rng.IntN(3))<<11|(g-rng.IntN(4))<<5|b-rng.IntN(3)))
		for y := range 4 {
			half[4+y] = [...]byte{0x00, 0xa0, 0xfa, 0x55, 0xf5, byte(rng.Uint32())}[rng.IntN(6)]
		}
		if block == 16 && rng.IntN(9) == 0 {
			file[at+rng.IntN(8)] = byte(rng.Uint32())
		}
	}
	return file
}

// halfGround makes a file that is half ground, half of one colour.
func halfGround(l dds.Layout) []byte {
	return append(groundFile(l, 7)[:l.Size()/2], solidFile(l, 0x1234)[l.Size()/2:]...)
}

// halfNoise makes a file whose segments are partly raw, partly compressed.
func halfNoise(l dds.Layout) []byte {
	return append(ddsFile(l, 7)[:l.Size()/2], solidFile(l, 0x55aa)[l.Size()/2:]...)
}

// mustParse is for where no test is at hand.
func mustParse(name string) tiles.Texture {
	tex, err := tiles.ParseName(name)
	if err != nil {
		panic(err)
	}
	return tex
}

func texture(t testing.TB, name string) tiles.Texture {
	t.Helper()
	tex, err := tiles.ParseName(name)
	if err != nil {
		t.Fatal(err)
	}
	return tex
}

func encode(t testing.TB, c Compression, file []byte) *Content {
	t.Helper()
	content, err := NewEncoder(c).Encode(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func createAt(t testing.TB, path string) *Writer {
	t.Helper()
	w, err := Create(t.Context(), path, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// encoders spares put the making of an encoder for every texture, which is most of the time under
// the race detector.
var encoders = sync.Pool{New: func() any { return NewEncoder(Fast) }}

func put(t testing.TB, w *Writer, name string, file []byte) {
	t.Helper()
	r := Record{Texture: texture(t, name), Chunks: 256, Provider: "test"}
	enc := encoders.Get().(*Encoder)
	defer encoders.Put(enc)
	content, err := enc.Encode(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Put(t.Context(), r, content); err != nil {
		t.Fatal(err)
	}
}

func finish(t testing.TB, w *Writer) {
	t.Helper()
	if err := w.Finish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

func openAt(t testing.TB, path string) *Archive {
	t.Helper()
	a, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// build makes a finished archive of the files and opens it.
func build(t testing.TB, files map[string][]byte) *Archive {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	for name, file := range files {
		put(t, w, name, file)
	}
	finish(t, w)
	return openAt(t, path)
}

func lookup(t testing.TB, a *Archive, name string) Entry {
	t.Helper()
	e, ok := a.Lookup(texture(t, name).Key())
	if !ok {
		t.Fatalf("%s is not in the archive", name)
	}
	return e
}

// mustVerify fails the test unless the archive is sound.
func mustVerify(t testing.TB, a *Archive) Report {
	t.Helper()
	r, err := a.Verify(t.Context(), VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Problem{}, r.Problems); diff != "" || !r.OK {
		t.Fatalf("problems (-want +got):\n%s", diff)
	}
	return r
}

func zlOf(t preview.Tile) tiles.ZL { return tiles.ZL(t.Z) }

// sqliteFile makes an SQLite file by statements.
func sqliteFile(t testing.TB, statements ...string) []byte {
	t.Helper()
	return altered(t, nil, statements...)
}

// sound is a small finished archive.
func sound(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	put(t, w, "32_16_BI12", ddsFile(small, 1))
	put(t, w, "48_16_BI12", solidFile(small, 0x1234))
	finish(t, w)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// altered is an archive after some statements; of nil, a new SQLite file.
func altered(t testing.TB, archive []byte, statements ...string) []byte {
	t.Helper()
	path := write(t, archive)
	c, err := sqlite.Dial(path, sqlite.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if err := c.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// write puts b where Open will look for it.
func write(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// overwritten is an archive with some bytes replaced.
func overwritten(archive []byte, off int, patch string) []byte {
	b := slices.Clone(archive)
	copy(b[off:], patch)
	return b
}

// corrupted is an archive with n bytes from off on overwritten.
func corrupted(archive []byte, off, n int) []byte {
	b := slices.Clone(archive)
	for i := range n {
		b[off+i] ^= 0xa5
	}
	return b
}

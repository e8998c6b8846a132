package mbtiles

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

var full = dds.Layout{Format: dds.BC1, Side: 4096}

// imagery is the real texture of ../shared/imagery (set C), or noise where that is absent.
func imagery(b *testing.B) []byte {
	dir := filepath.Join("..", "..", "..", "shared", "imagery", "chunks")
	builder, err := dds.NewBuilder(full, nil)
	if err != nil {
		b.Fatal(err)
	}
	w := dds.NewWorker()
	defer w.Close()
	for row := range 16 {
		for col := range 16 {
			jpeg, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%02d_%02d.jpg", row, col)))
			if err != nil {
				b.Logf("noise instead of imagery: %v", err)
				return ddsFile(full, 1)
			}
			if err := w.AddJPEG(builder, row, col, jpeg); err != nil {
				b.Fatal(err)
			}
		}
	}
	file, err := builder.Finish()
	if err != nil {
		b.Fatal(err)
	}
	return file
}

func BenchmarkEncode(b *testing.B) {
	file := imagery(b)
	for _, c := range []Compression{None, Fast, Best} {
		b.Run(c.String(), func(b *testing.B) {
			enc := NewEncoder(c)
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				content, err := enc.Encode(file)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(content.Bytes())/float64(len(file)), "ratio")
			}
		})
	}
}

// variant is c under another hash: as good as another texture to whoever does not look.
func variant(c *Content, i int) *Content {
	v := *c.stored
	v.SHA[0], v.SHA[1], v.SHA[2] = byte(i), byte(i>>8), byte(i>>16)
	return &Content{&v}
}

func grid(i int) tiles.Texture {
	return tiles.Texture{Row: uint32(i/1000) * 16, Col: uint32(i%1000) * 16, ZL: 16, Maptype: "BI"}
}

// Puts of encoded textures of 11.2 MB, commits included; "plain" writes and syncs the same bytes as
// a file each.
func BenchmarkPut(b *testing.B) {
	content := encode(b, None, imagery(b))
	b.Run("archive", func(b *testing.B) {
		w := createAt(b, filepath.Join(b.TempDir(), "a.mbtiles"))
		b.SetBytes(content.Bytes())
		i := 0
		for b.Loop() {
			if err := w.Put(b.Context(), Record{Texture: grid(i)}, variant(content, i)); err != nil {
				b.Fatal(err)
			}
			i++
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	})
	b.Run("plain", func(b *testing.B) {
		dir := b.TempDir()
		b.SetBytes(content.Bytes())
		i := 0
		for b.Loop() {
			f, err := os.Create(filepath.Join(dir, fmt.Sprint(i)))
			if err != nil {
				b.Fatal(err)
			}
			for _, s := range content.stored.Segments {
				if _, err := f.Write(s.Data); err != nil {
					b.Fatal(err)
				}
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
			f.Close()
			i++
		}
	})
}

func BenchmarkReadAt(b *testing.B) {
	file := imagery(b)
	for _, c := range []Compression{None, Fast, Best} {
		path := filepath.Join(b.TempDir(), "a.mbtiles")
		w := createAt(b, path)
		content := encode(b, c, file)
		const textures = 16
		for i := range textures {
			if err := w.Put(b.Context(), Record{Texture: grid(i)}, variant(content, i)); err != nil {
				b.Fatal(err)
			}
		}
		finish(b, w)
		a, err := OpenWith(b.Context(), path, ReaderOptions{CacheBytes: -1})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { a.Close() })
		tail, _ := full.Level(3)
		for _, r := range []struct {
			name string
			off  int64
			n    int64
		}{{"whole", 0, full.Size()}, {"tail", tail, full.Size() - tail}, {"128K in mip 0", 1 << 20, 128 << 10}} {
			b.Run(c.String()+"/"+r.name, func(b *testing.B) {
				buf := make([]byte, r.n)
				b.SetBytes(r.n)
				i := 0
				for b.Loop() {
					e, _ := a.Lookup(grid(i % textures).Key())
					if _, err := a.ReadAt(b.Context(), e, buf, r.off); err != nil && err != io.EOF {
						b.Fatal(err)
					}
					i++
				}
			})
		}
	}
}

// manyRows makes an archive of n textures that share one small content: what an index is read from.
func manyRows(b *testing.B, n int) string {
	path := filepath.Join(b.TempDir(), "a.mbtiles")
	w := createAt(b, path)
	content := encode(b, Fast, solidFile(small, 1))
	content.stored.Segments = content.stored.Segments[:0] // rows without payload
	for i := range n {
		if err := w.Put(b.Context(), Record{Texture: grid(i), Chunks: 256, Provider: "test"}, variant(content, i)); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return path + partSuffix
}

func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path := manyRows(b, n)
			for b.Loop() {
				a, err := Open(b.Context(), path)
				if err != nil {
					b.Fatal(err)
				}
				listed := 0
				for range a.All() {
					listed++
				}
				if listed != n {
					b.Fatal(listed)
				}
				a.Close()
			}
		})
	}
}

// What SQLite's walk through the file costs beside everything else that a full Verify does, per
// byte of DDS.
func BenchmarkVerify(b *testing.B) {
	path := filepath.Join(b.TempDir(), "a.mbtiles")
	w := createAt(b, path)
	file := imagery(b)
	for i := range 16 {
		file[len(file)-1] = byte(i) // so that each is stored, and verified, for itself
		if err := w.Put(b.Context(), Record{Texture: grid(i)}, encode(b, Fast, file)); err != nil {
			b.Fatal(err)
		}
	}
	finish(b, w)
	a := openAt(b, path)
	b.Run("whole", func(b *testing.B) {
		b.SetBytes(16 * full.Size())
		for b.Loop() {
			if r, err := a.Verify(b.Context(), VerifyOptions{Workers: 1}); err != nil || !r.OK {
				b.Fatal(r, err)
			}
		}
	})
	b.Run("walk", func(b *testing.B) {
		b.SetBytes(16 * full.Size())
		for b.Loop() {
			if err := sqlite.WalkFile(b.Context(), path); err != nil {
				b.Fatal(err)
			}
		}
	})
}

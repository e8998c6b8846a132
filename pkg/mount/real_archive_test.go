//go:build linux

package mount

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// A real archive of every compression passes the suite too.
func TestRealArchive(t *testing.T) {
	mounttest.NeedFUSE(t)
	for _, compression := range []mbtiles.Compression{mbtiles.None, mbtiles.Fast} {
		t.Run(fmt.Sprint(compression), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "flight.mbtiles")
			var files []mounttest.File
			w, err := mbtiles.Create(t.Context(), path, mbtiles.WriterOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			encoder := mbtiles.NewEncoder(compression)
			for i, side := range []int{256, 1024, 2048} {
				x := tiles.Texture{Row: 23952, Col: 33712 + uint32(i)*16, ZL: 16, Maptype: "BI"}
				l := dds.Layout{Format: dds.BC1, Side: side}
				file := noise(l, x.Name())
				content, err := encoder.Encode(file)
				if err != nil {
					t.Fatal(err)
				}
				detail := uint8(0)
				for side<<detail < dds.MaxSide {
					detail++
				}
				r := mbtiles.Record{Texture: x, Detail: detail, Layout: l, SHA256: content.SHA256(),
					Chunks: tiles.Item{Texture: x, Detail: detail}.ChunkCount(), Provider: "sample"}
				if err := w.Put(t.Context(), r, content); err != nil {
					t.Fatal(err)
				}
				files = append(files, mounttest.File{Path: "textures/" + x.File(), Content: file,
					Spellings: []string{"textures/" + x.Name() + ".DDS"}})
			}
			if err := w.Finish(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			a, err := mbtiles.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			f := mountTemp(t, Options{Archives: []Archive{a}, Files: []string{path}})
			mounttest.Run(t, mounttest.Tree{Dir: f.mountpoint, Files: files,
				Absent: []string{"textures/23952_33712_ZL16.dds"}})
			if err := f.Unmount(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

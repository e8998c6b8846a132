package pack

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// farmland serves chunks that are made already: what is measured is ours.
func farmland(b *testing.B) fetch.Source {
	source := fetchtest.Repeat(tiles.Chunk{Z: 16, X: 33660, Y: 23940}, 24, fetch.Sample())
	for y := range uint32(24) {
		for x := range uint32(24) {
			if _, err := source.Fetch(b.Context(), tiles.Chunk{Z: 16, X: x, Y: y}); err != nil {
				b.Fatal(err)
			}
		}
	}
	return source
}

// BenchmarkTexture is one full texture from 256 chunks: decode, mips, blocks.
func BenchmarkTexture(b *testing.B) {
	p := New(Options{Source: farmland(b), MaxZL: tiles.MaxZL})
	defer p.Close()
	for i := 0; b.Loop(); i++ {
		built, err := p.Texture(b.Context(), neighbours(i%16+1, 0)[i%16])
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(built.File)))
		built.Release()
	}
}

// BenchmarkBuild is a whole archive of nine full textures, compressed and written, without a
// network.
func BenchmarkBuild(b *testing.B) {
	source := farmland(b)
	dir := b.TempDir()
	for i := 0; b.Loop(); i++ {
		p := New(Options{Source: source, MaxZL: tiles.MaxZL, Compression: mbtiles.Fast})
		w, err := mbtiles.Create(b.Context(), filepath.Join(dir, fmt.Sprintf("%d.mbtiles", i)),
			mbtiles.WriterOptions{})
		if err != nil {
			b.Fatal(err)
		}
		items := neighbours(9, 0)
		if _, err := Build(b.Context(), p, w, Job{Items: items, Provider: "test"}); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(items)*(i+1))/b.Elapsed().Seconds(), "textures/s")
		p.Close()
	}
}

// Package estimate predicts what a build will request, store and take.
//
//	work, err := estimate.Count(items, provider.MaxZL, provider.TileLevels(), nil)
//	costs, err := estimate.Measure(ctx, work, items, nil, options) // in a tenth of a second
//	e := work.Estimate(costs, line, options)
//
// Chunks, requests and bytes of DDS are counted. Processor costs are measured on this machine, with
// the code that will do the work. The provider's imagery and connection are known from earlier
// builds; without any, typical figures are used.
package estimate

import (
	"github.com/xelpack/xelpack/internal/chunkstore"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Work is the work of a build. It is counted, not estimated.
type Work struct {
	Textures int
	Chunks   int   // places of textures, whatever depth the provider has
	Requests int   // tiles that have to come from the provider, each once
	Kept     int   // tiles that the store has already
	Levels   uint  // a tile has 2^Levels chunks a side
	Plain    int   // places filled with a chunk as it is
	Enlarged int   // places filled with a part of a shallower chunk
	Parents  int   // the shallower chunks
	Up       uint  // zoom levels by which most of Enlarged are enlarged
	RawBytes int64 // of the textures as DDS files
	Tiles    int   // previews: the textures' own and the overviews
}

// Of returns the work for items, but for that of their chunks.
func Of(items []tiles.Item) (w Work) {
	for _, it := range items {
		w.Textures++
		w.Chunks += it.ChunkCount()
		w.RawBytes += dds.Layout{Format: dds.BC1, Side: it.Side()}.Size()
	}
	w.Tiles = mbtiles.CountPreviews(items)
	return w
}

// Count counts the work for items from a source that ends at deepest and has tiles of 2^levels
// chunks a side. kept says how many tiles of squares need not be asked for; nil: none.
func Count(items []tiles.Item, deepest tiles.ZL, levels uint,
	kept func([]chunkstore.Square) (int, error)) (Work, error) {
	places := make([]chunkstore.Square, 0, len(items))
	for _, it := range items {
		places = append(places, chunkstore.Square{Chunk: it.Chunk(0, 0), Side: uint32(it.ChunksPerSide())})
	}
	w, err := CountChunks(places, deepest, levels, kept)
	return w.And(Of(items)), err
}

// CountChunks is Count for squares of chunks, and leaves out what Of counts.
func CountChunks(places []chunkstore.Square, deepest tiles.ZL, levels uint,
	kept func([]chunkstore.Square) (int, error)) (Work, error) {
	w := Work{Levels: levels}
	squares := make([]chunkstore.Square, 0, len(places))
	// Parents and tiles that several squares are made of.
	parents, shared := make(map[tiles.Chunk]bool), make(map[tiles.Chunk]bool)
	ups := make(map[uint]int)
	for _, sq := range places {
		n := int(sq.Side)
		if sq.Z <= deepest {
			w.Plain += n * n
		} else {
			up := uint(sq.Z - deepest)
			if up > pack.ParentLevels {
				continue // ground colour
			}
			w.Enlarged += n * n
			ups[up] += n * n
			sq = chunkstore.Square{Chunk: tiles.Chunk{Z: deepest, X: sq.X >> up, Y: sq.Y >> up},
				Side: max(1, sq.Side>>up)}
			if sq.Side == 1 {
				if parents[sq.Chunk] {
					continue
				}
				parents[sq.Chunk] = true
			}
			w.Parents += int(sq.Side * sq.Side)
		}
		if levels > 0 {
			sq = chunkstore.Square{Chunk: sq.Above(levels), Side: max(1, sq.Side>>levels)}
			if sq.Side == 1 {
				if shared[sq.Chunk] {
					continue
				}
				shared[sq.Chunk] = true
			}
		}
		w.Requests += int(sq.Side * sq.Side)
		squares = append(squares, sq)
	}
	for up, n := range ups {
		if n > ups[w.Up] || n == ups[w.Up] && up < w.Up {
			w.Up = up
		}
	}
	if kept == nil {
		return w, nil
	}
	var err error
	if w.Kept, err = kept(squares); err != nil {
		return w, err
	}
	w.Requests -= w.Kept
	return w, nil
}

// And returns the work of both.
func (w Work) And(v Work) Work {
	if v.Enlarged > w.Enlarged {
		w.Up = v.Up
	}
	if v.Requests > w.Requests {
		w.Levels = v.Levels
	}
	w.Textures += v.Textures
	w.Chunks += v.Chunks
	w.Requests += v.Requests
	w.Kept += v.Kept
	w.Plain += v.Plain
	w.Enlarged += v.Enlarged
	w.Parents += v.Parents
	w.RawBytes += v.RawBytes
	w.Tiles += v.Tiles
	return w
}

package main

import (
	"runtime"
	"time"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// What estimates are made of. Chunks of providers average 14 to 16 KB; a home line answers in 70 to 95 ms; of BC1 blocks of aerial imagery an
// archive keeps 66.9 %, previews and rows included (make bench-archive).
const (
	chunkBytes     = 14_500
	answerTime     = 90 * time.Millisecond
	storedShare    = 0.67
	textureSeconds = 0.15 // of one processor, for a full texture
)

// estimate is what a plan will cost. The JSON names are what scripts rely on.
type estimate struct {
	Textures      int           `json:"textures"`
	Chunks        int           `json:"chunks"`   // places, whatever depth the provider has
	Requests      int           `json:"requests"` // fewer where one chunk of the provider's deepest zoom level fills several places
	DownloadBytes int64         `json:"download_bytes"`
	StoreBytes    int64         `json:"store_bytes"`
	Seconds       float64       `json:"seconds"`
	ByDetail      []tiles.Count `json:"by_detail"`
}

func estimatePlan(items []tiles.Item, p fetch.Provider, concurrency int) estimate {
	e := estimate{Textures: len(items), ByDetail: tiles.Counts(items)}
	var ddsBytes int64
	for _, it := range items {
		e.Chunks += it.ChunkCount()
		e.Requests += requests(it, p.MaxZL)
		ddsBytes += dds.Layout{Format: dds.BC1, Side: it.Side()}.Size()
	}
	e.DownloadBytes = int64(e.Requests) * chunkBytes
	e.StoreBytes = int64(float64(ddsBytes) * storedShare)

	if concurrency == 0 {
		concurrency = fetch.DefaultConcurrency()
	}
	if p.Concurrency > 0 {
		concurrency = min(concurrency, p.Concurrency)
	}
	rate := float64(concurrency) / answerTime.Seconds()
	if p.Rate > 0 {
		rate = min(rate, p.Rate)
	}
	if measured := readRates()[p.ID].usual(); measured > 0 {
		rate = min(rate, measured)
	}
	full := dds.Layout{Format: dds.BC1, Side: tiles.TexturePixels}.Size()
	encoding := float64(ddsBytes) / float64(full) * textureSeconds / float64(runtime.GOMAXPROCS(0))
	e.Seconds = max(float64(e.Requests)/rate, encoding)
	return e
}

// requests returns how many chunks of a provider that ends at deepest a texture needs.
func requests(it tiles.Item, deepest tiles.ZL) int {
	n := it.ChunksPerSide()
	if z := it.ZL - tiles.ZL(it.Detail); z > deepest {
		n = max(1, n>>(z-deepest))
	}
	return n * n
}

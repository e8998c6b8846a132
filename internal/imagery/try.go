package imagery

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/mosaic"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Trial is what came of asking a provider for one tile. Its JSON is a contract with scripts.
type Trial struct {
	ID       string  `json:"id"`
	Tile     string  `json:"tile"` // as the provider counts
	Bytes    int     `json:"bytes"`
	Format   string  `json:"format"` // image/jpeg
	Side     int     `json:"side"`   // of the picture, in pixels
	Seconds  float64 `json:"seconds"`
	Captured string  `json:"captured,omitempty"` // when the pictures were taken, by the answer
	Modified string  `json:"modified,omitempty"` // when the server's file was changed, by the answer
	Imagery  string  `json:"imagery,omitempty"`  // as Captured, by the provider's description
}

// String says it in a line.
func (t Trial) String() string {
	age := cmp.Or(t.Captured, t.Imagery)
	switch {
	case age != "":
		age = "taken " + age
	case t.Modified != "":
		age = "on the server since " + t.Modified
	default:
		age = "of unknown age"
	}
	return fmt.Sprintf("ok: %s of %s, %d × %d px, %s, for %s in %s", units.Bytes(int64(t.Bytes)), t.Format, t.Side, t.Side, age, t.Tile,
		units.Duration(time.Duration(t.Seconds*float64(time.Second))))
}

// Try fetches the tile of p that holds a point, at the deepest zoom level up to 14.
func Try(ctx context.Context, known *providers.Catalogue, p fetch.Provider, at orb.Point) (Trial, error) {
	p = mosaic.At(p, at)
	z := max(min(p.MaxZL, 14), p.MinZL)
	n := float64(uint32(1) << z)
	phi := at.Lat() * math.Pi / 180
	last := n - 1
	tile := p.Tile(tiles.Chunk{Z: z, X: uint32(min((at.Lon()+180)/360*n, last)), Y: uint32(min((1-math.Asinh(math.Tan(phi))/math.Pi)/2*n, last))})

	var mu sync.Mutex
	var header http.Header // of the latest answer
	client, done := newClient(ctx, known, fetch.ClientOptions{Retries: -1, Answered: func(h http.Header) {
		mu.Lock()
		defer mu.Unlock()
		header = h
	}})
	start := time.Now()
	body, err := client.Source(p).Fetch(ctx, tile)
	took := time.Since(start)
	if errDone := done(); err == nil {
		err = errDone
	}
	if err != nil {
		return Trial{}, err
	}
	mu.Lock()
	defer mu.Unlock()
	t := Trial{
		ID: p.ID, Tile: tile.String(), Bytes: len(body), Format: http.DetectContentType(body), Side: p.TilePixels(), Seconds: took.Seconds(),
		Captured: fetch.CapturedBy(header).Words(), Imagery: p.Imagery,
	}
	if when, err := http.ParseTime(header.Get("Last-Modified")); err == nil {
		t.Modified = when.UTC().Format(time.DateOnly)
	}
	return t, nil
}

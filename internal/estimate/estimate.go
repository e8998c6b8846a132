package estimate

import (
	"cmp"
	"time"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// Assumptions about a provider from which nothing was fetched yet: chunks average 14 to 16 KB; a
// home connection answers in 70 to 95 ms; an archive keeps 65 % of BC1 blocks of aerial imagery; a
// preview is a JPEG of 256 px.
const (
	usualChunk   = 14_500
	usualAnswer  = 90 * time.Millisecond
	usualShare   = 0.65
	usualPreview = 14_000
)

// Overhead of the format: unused space in SQLite pages, rows of a texture besides its segments and
// preview, and the tables themselves.
const (
	wasted     = 1.012
	textureRow = 350
	tables     = 70_000
)

// Other processor costs, as multiples of the cost of a texture of no size (Costs.Texture).
const (
	// for a place of a large texture, which does not fit in a cache as a measured one does
	placeCost    = 0.03
	requestCost  = 0.1  // to request and receive a chunk
	keptCost     = 0.05 // to look a chunk up in the store, or to store it
	overviewCost = 1.5  // to draw a preview from four others
	writeCost    = 1    // to write a megabyte of the archive
)

// usualEnding is how long a build of an archive of the given bytes waits for the disk, where no
// build has told: to make and rename files, and to sync the last transaction, of at most 256 MB.
func usualEnding(bytes int64) float64 { return 0.15 + min(float64(bytes), 256e6)/400e6 }

// Line is how imagery is fetched.
type Line struct {
	Concurrency int     // requests in flight at once
	Rate        float64 // requests a second at most; 0: no limit
	Local       bool    // no requests: the sample, or a file
	Offline     bool    // chunks that are not in the store are not requested
	Keeps       bool    // fetched chunks are put in the store
	Copied      int64   // size in bytes of an archive that is extended
	Known       Known
}

// Estimate is the expected result of a build.
type Estimate struct {
	Requests int
	Download int64 // bytes
	Growth   int64 // bytes by which the archive grows
	Seconds  float64

	Network, Processors float64 // seconds that each would take alone
}

// Estimate estimates.
func (w Work) Estimate(c Costs, l Line, o Options) Estimate {
	var e Estimate
	k := l.Known
	// a guess: large tiles are made to order
	k.Answer = cmp.Or(k.Answer, usualAnswer.Seconds()*float64(int(1)<<w.Levels))
	l.Known = k
	if w.Textures == 0 {
		return e
	}
	if !l.Local && !l.Offline {
		e.Requests = w.Requests
	}
	e.Download = int64(float64(e.Requests) * cmp.Or(k.Chunk,
		float64(int(usualChunk)<<(2*w.Levels))))
	e.Growth = w.growth(c, k, l.Local, o.Compression)

	processor := float64(w.Plain)*c.Plain + float64(w.Enlarged)*c.Enlarged +
		float64(w.Textures)*c.Texture
	processor += (float64(w.Tiles-w.Textures)*overviewCost +
		float64(e.Growth+l.Copied)/1e6*writeCost) * c.Texture
	processor += (float64(e.Requests)*requestCost + float64(w.Chunks)*placeCost) * c.Texture
	if l.Local {
		processor += float64(w.Requests) * c.Source
	}
	if l.Keeps {
		processor += float64(e.Requests+w.Kept) * keptCost * c.Texture
	}
	e.Processors = processor / float64(o.workers())
	e.Network = float64(e.Requests) / l.rate()
	// Textures are compressed once they are complete, and as many are in work at once as fit in
	// memory. At the end the network waits for the compression of the last ones. If the processors
	// take longer, they wait for the first ones: for what comes later than they decode.
	atOnce := min(1, float64(pack.DefaultMemory)/float64(w.RawBytes))
	compressing := float64(w.Plain+w.Enlarged) * c.Compress / float64(o.workers())
	waits := max(0, min(compressing, compressing+e.Network-e.Processors))
	e.Seconds = max(e.Network, e.Processors) + atOnce*waits +
		cmp.Or(k.Ending, 1)*usualEnding(e.Growth)
	return e
}

// growth returns the archive's growth on disk.
func (w Work) growth(c Costs, k Known, local bool, compression mbtiles.Compression) int64 {
	// Shares differ by how well the measured imagery compressed: enlarged imagery is smoother.
	share, enlarged := 1.0, 1.0
	if compression != mbtiles.None {
		share = cmp.Or(k.Share, usualShare)
		if local {
			share = c.Share // of this imagery
		}
		enlarged = share
		if c.EnlargedShare > 0 && c.Share > 0 {
			enlarged *= c.EnlargedShare / c.Share
		}
	}
	plain := 1.0
	if places := w.Plain + w.Enlarged; places > 0 {
		plain = float64(w.Plain) / float64(places)
	}
	data := float64(w.RawBytes) * (plain*share + (1-plain)*enlarged)
	return int64(wasted*(data+float64(w.Tiles)*cmp.Or(k.Preview, usualPreview))) +
		int64(w.Textures)*textureRow + tables
}

// rate returns the expected requests a second.
func (l Line) rate() float64 {
	at := float64(l.Concurrency)
	rate := at / l.Known.Answer
	if l.Known.Rate > 0 {
		rate = min(rate, l.Known.Rate*max(1,
			at/float64(cmp.Or(l.Known.Concurrency, l.Concurrency))))
	}
	if l.Rate > 0 {
		rate = min(rate, l.Rate)
	}
	return rate
}

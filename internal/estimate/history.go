package estimate

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// Run is the result of a build from one provider. The next estimate reads its JSON.
type Run struct {
	Requests int64   `json:"requests"`
	Seconds  float64 `json:"seconds"`
	// mean seconds from a request to the last byte of its answer
	Answer      float64 `json:"answer"`
	Busy        float64 `json:"busy"`        // mean share of its workers that had a task
	Concurrency int     `json:"concurrency"` // most requests in flight at once
	Rated       bool    `json:"rated"`       // the user limited the rate
	Downloaded  int64   `json:"downloaded"`
	Compression string  `json:"compression"`
	Plain       bool    `json:"plain"`  // nothing was enlarged
	Raw         int64   `json:"raw"`    // bytes of DDS
	Stored      int64   `json:"stored"` // of segments
	Ending      float64 `json:"ending"` // seconds from the last texture to the end
	Tiles       int     `json:"tiles"`
	File        int64   `json:"file"` // of the archive; 0 if it existed before
	Textures    int     `json:"textures"`
}

// A run is used only for figures with enough samples.
const (
	enoughRequests = 1000
	enoughChunks   = 100 // for the size of a chunk
	enoughRaw      = 20 << 20
	kept           = 7   // runs; an estimate takes the median
	idle           = 0.7 // below this share, workers waited for the network
)

// History is the latest runs of one provider, latest last.
type History []Run

// UnmarshalJSON also reads the formats of earlier versions: a rate, or a list of rates.
func (h *History) UnmarshalJSON(body []byte) error {
	rate, rates := 0.0, []float64(nil)
	switch {
	case json.Unmarshal(body, &rate) == nil:
		rates = []float64{rate}
	case json.Unmarshal(body, &rates) != nil:
		return json.Unmarshal(body, (*[]Run)(h))
	}
	*h = nil
	for _, r := range rates {
		if r > 0 {
			*h = h.Add(Run{Requests: enoughRequests, Seconds: enoughRequests / r})
		}
	}
	return nil
}

// Tells reports whether the run has enough samples to learn from.
func (r Run) Tells() bool { return r.Requests >= enoughRequests || r.Raw >= enoughRaw }

// Add returns h with another run.
func (h History) Add(r Run) History {
	h = append(slices.Clone(h), r)
	return h[max(0, len(h)-kept):]
}

// Known is what is known of a provider. Unknown figures are 0.
type Known struct {
	Answer      float64 // seconds
	Rate        float64 // requests a second, where the network was the limit
	Concurrency int     // at which Rate was measured
	Chunk       float64 // bytes
	Share       float64 // share that compression leaves of its imagery
	Preview     float64 // bytes
	Ending      float64 // the time that the disk takes at the end, beside what is usual
}

// Known returns what the runs say about a build with that compression.
func (h History) Known(c mbtiles.Compression) Known {
	var k Known
	k.Answer = h.median(func(r Run) (float64, bool) {
		return r.Answer, r.Requests >= enoughRequests
	})
	k.Chunk = h.median(func(r Run) (float64, bool) {
		return float64(r.Downloaded) / float64(r.Requests), r.Requests >= enoughChunks
	})
	waited := func(r Run) bool {
		return r.Requests >= enoughRequests && !r.Rated && r.Busy < idle && r.Seconds > 0
	}
	k.Rate = h.median(func(r Run) (float64, bool) {
		ending := cmp.Or(r.Ending, usualEnding(r.Stored))
		return float64(r.Requests) / max(r.Seconds-ending, r.Seconds/2), waited(r)
	})
	for _, r := range h {
		if waited(r) {
			k.Concurrency = max(k.Concurrency, r.Concurrency)
		}
	}
	share := func(like string) float64 {
		return h.median(func(r Run) (float64, bool) {
			return float64(r.Stored) / float64(r.Raw), r.Raw >= enoughRaw && r.Plain &&
				r.Compression == like
		})
	}
	// Fast and best differ by a few percent only.
	if k.Share = share(c.String()); k.Share == 0 {
		if k.Share = share(mbtiles.Fast.String()); k.Share == 0 {
			k.Share = share(mbtiles.Best.String())
		}
	}
	k.Preview = h.median(func(r Run) (float64, bool) {
		rest := float64(r.File-tables-int64(r.Textures)*textureRow)/wasted - float64(r.Stored)
		return rest / float64(r.Tiles), r.File > 0 && r.Tiles > 0 && rest > 0
	})
	k.Ending = h.median(func(r Run) (float64, bool) {
		return r.Ending / usualEnding(r.Stored), r.Raw >= enoughRaw
	})
	return k
}

// median returns the median over the runs for which say returns true.
func (h History) median(say func(Run) (float64, bool)) float64 {
	var values []float64
	for _, r := range h {
		if v, ok := say(r); ok && v > 0 {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

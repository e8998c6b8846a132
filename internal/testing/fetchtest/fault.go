package fetchtest

import (
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Kind is a kind of answer.
type Kind uint8

// The kinds of answers. OK is the zero value.
const (
	OK Kind = iota

	// Imagery in other forms.
	Progressive // the same pixels as a progressive JPEG
	Grey        // a JPEG of one component
	Padded      // zeros after the end marker
	Redirect    // 302 to the imagery on this server, or to Fault.Location
	PNG         // the same pixels as a PNG
	Transparent // a fully transparent PNG
	WebP        // a WebP, always of the sample's z16/33712/23952

	// No imagery.
	NotFound     // 404
	Gone         // 410
	NoContent    // 204
	BingNoTile   // 200, a PNG of 1,033 bytes, X-VE-Tile-Info: no-tile
	ArcGISNoData // 200, a JPEG of 2,521 bytes
	White        // 200, a JPEG of nothing but white

	// Temporary trouble.
	TooMany        // 429
	Unavailable    // 503
	ServerError    // 500
	RequestTimeout // 408
	Reset          // the connection (HTTP/2: the stream) is reset before an answer
	Stall          // no answer; ends when the client leaves
	StallBody      // half a body, then nothing
	ShortBody      // half of the announced body, then the connection (HTTP/2: stream) ends

	// Status 200 with a body that is not usable.
	Empty
	HTML
	Exception // of a WMS, in XML
	Truncated // a JPEG without its last third
	Corrupt   // a JPEG whose markers are intact but whose picture is not
	WrongSize // a JPEG of 512×512 px
	CMYK
	Huge // 5 MiB

	// Refusals and mistakes.
	Unauthorized // 401
	Forbidden    // 403
	BadRequest   // 400
	RedirectLoop // 302 to itself
)

// String returns the kind's name in lower case.
func (k Kind) String() string {
	names := [...]string{
		"ok", "progressive", "grey", "padded", "redirect", "png", "transparent", "webp",
		"not found", "gone", "no content", "bing no-tile", "arcgis no data", "white",
		"too many",
		"unavailable", "server error", "request timeout", "reset", "stall", "stall in body",
		"short body", "empty", "html", "exception", "truncated",
		"corrupt", "wrong size", "cmyk", "huge", "unauthorized", "forbidden", "bad request",
		"redirect loop",
	}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

// Fault is the answer to one request.
type Fault struct {
	Kind       Kind
	RetryAfter string        // value of the header, if not empty
	Location   string        // Redirect only
	Delay      time.Duration // before anything is answered
}

// Faults chooses the answer to the request for c after attempt earlier ones. It is called from many
// goroutines.
type Faults func(c tiles.Chunk, attempt int) Fault

// Always answers everything with k.
func Always(k Kind) Faults {
	return func(tiles.Chunk, int) Fault { return Fault{Kind: k} }
}

// FirstOf answers the first request for one chunk in n with one of kinds, chosen by the chunk
// alone, and everything else with OK.
func FirstOf(n int, kinds ...Kind) Faults {
	return func(c tiles.Chunk, attempt int) Fault {
		h := hash(c)
		if attempt > 0 || h%uint32(n) != 0 {
			return Fault{}
		}
		return Fault{Kind: kinds[h/uint32(n)%uint32(len(kinds))]}
	}
}

// Lasting answers a share of the chunks with k, however often they are asked for, and everything
// else with OK. Only the chunk decides.
func Lasting(share float64, k Kind) Faults {
	return func(c tiles.Chunk, _ int) Fault {
		if float64(hash(c))/(1<<32) < share {
			return Fault{Kind: k}
		}
		return Fault{}
	}
}

// OneIn answers one request in n with one of kinds, first or later, and everything else with OK.
// The chunk and the number of earlier requests decide.
func OneIn(n int, kinds ...Kind) Faults {
	return func(c tiles.Chunk, attempt int) Fault {
		h := hash(c, uint32(attempt))
		if h%uint32(n) != 0 {
			return Fault{}
		}
		return Fault{Kind: kinds[h/uint32(n)%uint32(len(kinds))]}
	}
}

func hash(c tiles.Chunk, more ...uint32) uint32 {
	h := uint32(2166136261)
	for _, v := range append([]uint32{uint32(c.Z), c.X, c.Y}, more...) {
		h = (h ^ v) * 2246822519
		h ^= h >> 13
		h *= 3266489917
		h ^= h >> 16
	}
	return h
}

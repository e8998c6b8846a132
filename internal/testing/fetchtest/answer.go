package fetchtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// getter gives what is served for a chunk or tile.
type getter func(context.Context, tiles.Chunk) ([]byte, error)

// serve answers requests for the chunk that address reads from them.
func (s *Server) serve(address func(*http.Request) (tiles.Chunk, bool),
	get getter) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, ok := address(r)
		if !ok {
			http.Error(w, "no such chunk", http.StatusBadRequest)
			return
		}
		v, ok := s.arrive(c)
		if !ok {
			panic(http.ErrAbortHandler)
		}
		defer v.leave()
		fault := (*s.fault.Load())(c, v.attempt)
		if !s.quota.take(time.Now()) {
			fault = Fault{Kind: TooMany, RetryAfter: "1", Delay: fault.Delay}
		}
		s.pause(r, s.latency+fault.Delay)
		if fault.RetryAfter != "" {
			w.Header().Set("Retry-After", fault.RetryAfter)
		}
		switch fault.Kind {
		case Reset:
			v.answer(0)
			reset(w)
		case Stall:
			s.stall(r)
		case Redirect, RedirectLoop:
			v.answer(http.StatusFound)
			http.Redirect(w, r, location(fault, r, c), http.StatusFound)
		default:
			status := fault.Kind.status()
			if status == http.StatusOK {
				s.serveImage(w, r, fault.Kind, c, get, v.answer)
				return
			}
			v.answer(status)
			w.WriteHeader(status)
			if status != http.StatusNoContent {
				_, _ = io.WriteString(w, http.StatusText(status))
			}
		}
	}
}

func location(f Fault, r *http.Request, c tiles.Chunk) string {
	switch {
	case f.Kind == RedirectLoop:
		return r.URL.String()
	case f.Location != "":
		return f.Location
	}
	return fmt.Sprintf("/moved/here/%d/%d/%d.jpg", c.Z, c.X, c.Y)
}

// serveMoved answers the target of Redirect, uncounted: the redirected request was counted.
func (s *Server) serveMoved(w http.ResponseWriter, r *http.Request) {
	if c, ok := byXYZ(r); ok {
		s.serveImage(w, r, OK, c, s.images.Fetch, func(int) {})
		return
	}
	http.NotFound(w, r)
}

func (k Kind) status() int {
	switch k {
	case NotFound:
		return http.StatusNotFound
	case Gone:
		return http.StatusGone
	case NoContent:
		return http.StatusNoContent
	case TooMany:
		return http.StatusTooManyRequests
	case Unavailable:
		return http.StatusServiceUnavailable
	case ServerError:
		return http.StatusInternalServerError
	case RequestTimeout:
		return http.StatusRequestTimeout
	case Unauthorized:
		return http.StatusUnauthorized
	case Forbidden:
		return http.StatusForbidden
	case BadRequest:
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// serveImage answers with status 200 and the body that k makes of c, and calls answer.
func (s *Server) serveImage(w http.ResponseWriter, r *http.Request, k Kind, c tiles.Chunk,
	get getter, answer func(status int)) {
	good, err := get(r.Context(), c)
	if err == nil {
		good, err = body(k, good)
	}
	if err != nil {
		status := http.StatusInternalServerError
		if errors.Is(err, fetch.ErrNoImagery) {
			status = http.StatusNotFound
		}
		answer(status)
		http.Error(w, err.Error(), status)
		return
	}
	kind := "image/jpeg"
	switch k {
	case HTML:
		kind = "text/html"
	case Exception:
		kind = "text/xml"
	case PNG, Transparent, BingNoTile:
		kind = "image/png"
	case WebP:
		kind = "image/webp"
	}
	w.Header().Set("Content-Type", kind)
	if k == BingNoTile {
		w.Header().Set("X-VE-Tile-Info", "no-tile")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(good)))
	if k == ShortBody || k == StallBody {
		if k == ShortBody {
			answer(0)
		}
		_, _ = w.Write(good[:len(good)/2])
		_ = http.NewResponseController(w).Flush()
		if k == StallBody {
			s.stall(r)
		}
		panic(http.ErrAbortHandler) // aborts the answer
	}
	answer(http.StatusOK)
	_, _ = w.Write(good) // the client may be gone
}

// stall waits until the client leaves or the server closes, and ends the request without an answer.
func (s *Server) stall(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.closing:
	}
	panic(http.ErrAbortHandler)
}

// pause waits for d. If the client leaves, the request ends.
func (s *Server) pause(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	case <-s.closing:
		panic(http.ErrAbortHandler)
	}
}

// reset ends a connection of HTTP/1.1, or a stream of HTTP/2, with a reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if c, ok := conn.(*lineConn); ok {
		c.reset()
		return
	}
	_ = conn.Close()
}

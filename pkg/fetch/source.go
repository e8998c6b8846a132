package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Source returns tiles of imagery: chunks, or a provider's larger tiles of 256·2ⁿ px, addressed by
// the chunk that covers the same square of the map (Provider.Tile). It is safe for concurrent use.
type Source interface {
	// Fetch returns a whole picture of the provider's size (JPEG, PNG or WebP), which the caller
	// may keep. An error that is ErrNoImagery means that there is none; any other, that it failed.
	// When ctx ends, Fetch returns promptly with an error that wraps ctx's.
	Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error)
}

// Keeper is a Source that stores what it fetched, perhaps only as long as it may be needed again.
type Keeper interface {
	// Forget reports that a body was not usable after all.
	Forget(c tiles.Chunk)
	// Whole reports that none of a texture's chunks will be needed again.
	Whole(chunks []tiles.Chunk)
}

// Errors of Fetch, for errors.Is. Any other error is another kind of failure.
var (
	// ErrNoImagery means that the provider has nothing there, and a retry would not help.
	ErrNoImagery = errors.New("no imagery here")
	// ErrRefused means that the provider answered 401 or 403, now or so often that it is no longer
	// asked.
	ErrRefused = errors.New("the provider refuses requests")
	// ErrZoom means that the chunk's zoom level is outside the provider's range; no request was
	// sent.
	ErrZoom = errors.New("outside the provider's zoom levels")
	// ErrBody means that the answer was not a whole usable image.
	ErrBody = errors.New("not a usable image")
	// ErrTimeout means that one attempt took longer than ClientOptions.Timeout, or that nothing
	// came for so long that it would. It does not match context.DeadlineExceeded, which is the
	// caller's.
	ErrTimeout = errors.New("no complete answer in time")
	// ErrNetwork means that connecting, sending or receiving failed, perhaps temporarily.
	ErrNetwork = errors.New("network")
	// ErrOffline means that a chunk is not in the store, and the network must not be used.
	ErrOffline = errors.New("not in the chunk store, and offline")
	// ErrClosed means that the Client was closed.
	ErrClosed = errors.New("the fetch client is closed")
)

// Error is every error of a Client's source: which chunk of which provider, and why.
type Error struct {
	Provider string // its id
	Host     string // as in the URL; empty for a source without network
	Chunk    tiles.Chunk
	Err      error
}

func (e *Error) Error() string {
	from := e.Provider
	if e.Host != "" && e.Host != e.Provider {
		from += " (" + e.Host + ")"
	}
	return fmt.Sprintf("fetch %s %s: %v", from, e.Chunk, e.Err)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// StatusError is an HTTP status other than 200. It is ErrNoImagery or ErrRefused if the status
// means that.
type StatusError struct {
	Code       int
	RetryAfter time.Duration // as in the answer, not clamped; 0: none
}

func (e *StatusError) Error() string {
	if text := http.StatusText(e.Code); text != "" {
		return fmt.Sprintf("status %d %s", e.Code, text)
	}
	return fmt.Sprintf("status %d", e.Code)
}

// Is reports whether the status means target.
func (e *StatusError) Is(target error) bool {
	switch e.Code {
	case http.StatusNotFound, http.StatusGone, http.StatusNoContent:
		return target == ErrNoImagery
	case http.StatusUnauthorized, http.StatusForbidden:
		return target == ErrRefused
	}
	return false
}

// retryable reports whether the same request may succeed later.
func retryable(err error) bool {
	if errors.Is(err, ErrDown) {
		return false // and its latest failure does not count
	}
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.Code == http.StatusRequestTimeout ||
			status.Code == http.StatusTooManyRequests || status.Code >= 500
	}
	return errors.Is(err, ErrBody) || errors.Is(err, ErrTimeout) || errors.Is(err, ErrNetwork)
}

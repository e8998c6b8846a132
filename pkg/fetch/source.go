package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Source gives tiles of imagery: chunks, or the larger tiles of 256·2ⁿ px that a provider has, at
// the place of the chunk that covers the same square of the map (Provider.Tile). It is safe for
// concurrent use.
type Source interface {
	// Fetch returns a whole picture of the provider's size (JPEG, PNG or WebP), which is the
	// caller's to keep. An error that is
	// ErrNoImagery means that there is none; any other, that it could not be had. When ctx ends,
	// Fetch returns promptly with an error that wraps ctx's.
	Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error)
}

// Keeper is a Source that keeps what it fetched, perhaps only as long as it may be asked for again.
type Keeper interface {
	// Forget tells it that a body was no good after all.
	Forget(c tiles.Chunk)
	// Whole tells it that nothing of a texture's chunks has to be asked for again.
	Whole(chunks []tiles.Chunk)
}

// What errors of Fetch are, to be tested with errors.Is. An error that is none of these is a
// failure of another kind.
var (
	// ErrNoImagery: the provider has nothing there, and asking again would not help.
	ErrNoImagery = errors.New("no imagery here")
	// ErrRefused: the provider answered 401 or 403, now or so often that it is no longer asked.
	ErrRefused = errors.New("the provider refuses us")
	// ErrZoom: the chunk's zoom level is outside what the provider has; it was not asked.
	ErrZoom = errors.New("outside the provider's zoom levels")
	// ErrBody: the answer was not a whole image that we can use.
	ErrBody = errors.New("not a usable image")
	// ErrTimeout: one attempt took longer than ClientOptions.Timeout. It does not match
	// context.DeadlineExceeded, which is the caller's.
	ErrTimeout = errors.New("no whole answer in time")
	// ErrNetwork: connecting, sending or receiving failed in a way that may pass.
	ErrNetwork = errors.New("network")
	// ErrOffline: a chunk is not in the store, and the network must not be asked.
	ErrOffline = errors.New("not in the chunk store, and the network is off")
	// ErrClosed: the Client was closed.
	ErrClosed = errors.New("the fetch client is closed")
)

// Error is what a Client's source returns for everything but a body: which chunk of which provider,
// and why.
type Error struct {
	Provider string // its id
	Host     string // as in the URL asked; empty for a source without network
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

// StatusError is an HTTP status other than 200. It is ErrNoImagery or ErrRefused where the status
// says so.
type StatusError struct {
	Code       int
	RetryAfter time.Duration // what the answer asked for, not clamped; 0 when it did not
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

// retryable says whether the same request may succeed later.
func retryable(err error) bool {
	if errors.Is(err, ErrDown) {
		return false // and what it was last down with does not count
	}
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.Code == http.StatusRequestTimeout || status.Code == http.StatusTooManyRequests || status.Code >= 500
	}
	return errors.Is(err, ErrBody) || errors.Is(err, ErrTimeout) || errors.Is(err, ErrNetwork)
}

package fetch_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// TestCeiling counts at the server: never more than the limit, whichever source the requests are
// for, and all of it is used.
func TestCeiling(t *testing.T) {
	const ceiling = 6
	arrived := make(chan struct{}, 100)
	release := make(chan struct{})
	fault := func(tiles.Chunk, int) fetchtest.Fault {
		arrived <- struct{}{}
		<-release
		return fetchtest.Fault{}
	}
	server, client, _ := serve(t, fetchtest.Options{Fault: fault},
		fetch.ClientOptions{Concurrency: ceiling, Timeout: time.Minute})
	sources := []fetch.Source{client.Source(server.Provider()),
		client.Source(provider(t, server.QuadkeyTemplate()))}
	var group errgroup.Group
	for i := range uint32(60) {
		group.Go(func() error {
			_, err := sources[i%2].Fetch(t.Context(), tiles.Chunk{Z: 16, X: i, Y: 1})
			return err
		})
	}
	for range ceiling {
		<-arrived
	}
	close(release)
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if most := server.Stats().MaxInFlight; most != ceiling {
		t.Errorf("%d requests were in flight at once, want %d", most, ceiling)
	}
}

func TestProviderConcurrency(t *testing.T) {
	server, client, _ := serve(t, fetchtest.Options{}, fetch.ClientOptions{Concurrency: 16})
	p := server.Provider()
	p.Concurrency = 2
	source := client.Source(p)
	var group errgroup.Group
	for i := range uint32(40) {
		group.Go(func() error {
			_, err := source.Fetch(t.Context(), tiles.Chunk{Z: 16, X: i, Y: 1})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if most := server.Stats().MaxInFlight; most > 2 {
		t.Errorf("%d requests were in flight at once, the provider allows 2", most)
	}
}

// TestWaitingHoldsNoSlot: with one slot, a chunk that waits to be asked again does not keep another
// from being fetched.
func TestWaitingHoldsNoSlot(t *testing.T) {
	bad, fine := tiles.Chunk{Z: 16, X: 1, Y: 1}, tiles.Chunk{Z: 16, X: 2, Y: 1}
	server, client, _ := serve(t,
		fetchtest.Options{Fault: func(c tiles.Chunk, attempt int) fetchtest.Fault {
			if c == bad && attempt == 0 {
				return fetchtest.Fault{Kind: fetchtest.Unavailable}
			}
			return fetchtest.Fault{}
		}}, fetch.ClientOptions{Concurrency: 1})
	waiting, release := make(chan struct{}), make(chan struct{})
	client.SetWait(func(context.Context, time.Duration) error {
		close(waiting)
		<-release
		return nil
	})
	source := client.Source(server.Provider())
	var group errgroup.Group
	group.Go(func() error {
		_, err := source.Fetch(t.Context(), bad)
		return err
	})
	<-waiting
	if _, err := source.Fetch(t.Context(), fine); err != nil {
		t.Error(err)
	}
	close(release)
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	for _, test := range []struct {
		name, header string
		waits        int // one more, to find out whether others are answered, if it is too long
		least, most  time.Duration
	}{
		{"seconds", "7", 1, 7 * time.Second, 7*time.Second + 250*time.Millisecond},
		{"date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), 2, 2 * time.Minute,
			2*time.Minute + 250*time.Millisecond},
		{"clamped", "86400", 2, 2 * time.Minute, 2*time.Minute + 250*time.Millisecond},
		{"past date", "Thu, 01 Jan 1970 00:00:00 GMT", 1, 0, 250 * time.Millisecond},
		{"nonsense", "soon", 1, 0, 250 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			server, client, w := serve(t,
				fetchtest.Options{Fault: func(_ tiles.Chunk, attempt int) fetchtest.Fault {
					if attempt == 0 {
						return fetchtest.Fault{Kind: fetchtest.TooMany, RetryAfter: test.header}
					}
					return fetchtest.Fault{}
				}}, fetch.ClientOptions{})
			if _, err := client.Source(server.Provider()).Fetch(t.Context(), chunk); err != nil {
				t.Fatal(err)
			}
			if last := len(w.took) - 1; last != test.waits-1 || w.took[last] < test.least ||
				w.took[last] > test.most {
				t.Errorf("waited %v, want %d times, at last from %v to %v", w.took, test.waits,
					test.least, test.most)
			}
		})
	}
}

// TestFewConnections: many at once must share connections from the start, to each host.
func TestFewConnections(t *testing.T) {
	for _, test := range []struct {
		name, host string
		tls        bool
		most       int
	}{{"http2", "127.0.0.1", true, 4}, {"http2 to two hosts", "{switch:127.0.0.1,localhost}", true,
		8}, {"http1", "127.0.0.1", false, 64}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client, _ := serve(t, fetchtest.Options{TLS: test.tls,
					Pipes: fetchtest.NewPipes(), Image: fetchtest.Repeat(chunk, 4, fetch.Sample())},
					fetch.ClientOptions{Concurrency: 64})
				source := client.Source(provider(t,
					strings.Replace(server.Template(), "127.0.0.1", test.host, 1)))
				var group errgroup.Group
				for worker := range uint32(96) {
					group.Go(func() error {
						for i := range uint32(8) {
							if _, err := source.Fetch(t.Context(),
								tiles.Chunk{Z: 16, X: i, Y: worker}); err != nil {
								return err
							}
						}
						return nil
					})
				}
				if err := group.Wait(); err != nil {
					t.Fatal(err)
				}
				if s := server.Stats(); s.Requests != 96*8 || s.Connections > test.most {
					t.Errorf("%d requests over %d connections, want %d over at most %d", s.Requests,
						s.Connections, 96*8, test.most)
				}
			})
		})
	}
}

package fetch_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/chunkstore"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// The chunks of the suite: by their column.
func subjectChunks(from, n uint32) (chunks []tiles.Chunk) {
	for i := range n {
		chunks = append(chunks, tiles.Chunk{Z: 16, X: 33700 + from + i, Y: 23952})
	}
	return chunks
}

func misbehave(c tiles.Chunk, _ int) fetchtest.Fault {
	kinds := []fetchtest.Kind{
		fetchtest.NotFound, fetchtest.Gone, fetchtest.NoContent, fetchtest.BingNoTile,
		fetchtest.BadRequest, fetchtest.Forbidden, fetchtest.Unavailable, fetchtest.HTML,
		fetchtest.Stall, fetchtest.StallBody,
	}
	if i := int(c.X) - 33710; i >= 0 && i < len(kinds) {
		return fetchtest.Fault{Kind: kinds[i]}
	}
	return fetchtest.Fault{}
}

func openStore(t *testing.T, path string) *chunkstore.Store {
	t.Helper()
	s, err := chunkstore.Open(t.Context(), path, chunkstore.Options{Attribution: "somebody"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeStore(t *testing.T, s *chunkstore.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestHTTPSourceSuite(t *testing.T) {
	for _, mode := range []struct {
		name string
		tls  bool
	}{{"plain", false}, {"tls", true}} {
		t.Run(mode.name, func(t *testing.T) {
			fetchtest.RunSourceSuite(t, func(t *testing.T) fetchtest.Subject {
				server := fetchtest.NewServer(fetchtest.Options{TLS: mode.tls, Fault: misbehave})
				t.Cleanup(server.Close)
				client := fetch.NewClient(fetch.ClientOptions{
					Retries: 1, Backoff: time.Millisecond, Concurrency: 4, RootCAs: server.CertPool(),
				})
				t.Cleanup(client.Close)
				return fetchtest.Subject{
					Source:    client.Source(server.Provider()),
					OK:        subjectChunks(0, 4),
					NoImagery: subjectChunks(10, 4),
					Failing:   subjectChunks(14, 4),
					Stuck:     subjectChunks(18, 2),
				}
			})
		})
	}
}

func TestSampleSuite(t *testing.T) {
	fetchtest.RunSourceSuite(t, func(t *testing.T) fetchtest.Subject {
		client := fetch.NewClient(fetch.ClientOptions{})
		t.Cleanup(client.Close)
		p, err := fetch.LookupProvider(providers.SampleID)
		if err != nil {
			t.Fatal(err)
		}
		return fetchtest.Subject{
			Source:  client.Source(p),
			OK:      subjectChunks(0, 4),
			Failing: []tiles.Chunk{{Z: 23}, {Z: 1, X: 2}, {Z: 1, Y: 2}},
		}
	})
}

// A file of tiles is a source as any other; what it lacks is no imagery.
func TestMBTilesSuite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tiles.mbtiles")
	store := openStore(t, path)
	for _, c := range subjectChunks(0, 4) {
		if _, err := store.Source(fetch.Sample(), false).Fetch(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, store)
	fetchtest.RunSourceSuite(t, func(t *testing.T) fetchtest.Subject {
		client := fetch.NewClient(fetch.ClientOptions{})
		t.Cleanup(client.Close)
		return fetchtest.Subject{
			Source: client.Source(provider(t, "mbtiles:"+path)), OK: subjectChunks(0, 4), NoImagery: subjectChunks(10, 4),
			Failing: []tiles.Chunk{{Z: 3}, {Z: 16, X: 1 << 16}},
		}
	})
}

// The store alone, as with --offline: what it lacks has failed, and is not taken for missing
// imagery.
func TestOfflineStoreSuite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.mbtiles")
	fetchtest.RunSourceSuite(t, func(t *testing.T) fetchtest.Subject {
		store := openStore(t, path)
		t.Cleanup(func() { closeStore(t, store) })
		for _, c := range subjectChunks(0, 4) {
			if _, err := store.Source(fetch.Sample(), false).Fetch(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		return fetchtest.Subject{Source: store.Source(nil, false), OK: subjectChunks(0, 4), Failing: subjectChunks(10, 4)}
	})
}

func TestStoreSuite(t *testing.T) {
	fetchtest.RunSourceSuite(t, func(t *testing.T) fetchtest.Subject {
		server := fetchtest.NewServer(fetchtest.Options{Fault: misbehave})
		t.Cleanup(server.Close)
		client := fetch.NewClient(fetch.ClientOptions{Retries: -1, Concurrency: 4})
		t.Cleanup(client.Close)
		store := openStore(t, filepath.Join(t.TempDir(), "s.mbtiles"))
		t.Cleanup(func() { closeStore(t, store) })
		return fetchtest.Subject{
			Source: store.Source(client.Source(server.Provider()), false),
			OK:     subjectChunks(0, 4), NoImagery: subjectChunks(10, 4), Failing: subjectChunks(14, 4), Stuck: subjectChunks(18, 2),
		}
	})
}

package fetch_test

import (
	"testing"
	"time"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/fetch/fetchtest"
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
		p, err := fetch.LookupProvider(fetch.SampleID)
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

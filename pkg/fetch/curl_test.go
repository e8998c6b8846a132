package fetch_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/fetch/fetchtest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// BenchmarkBesideCurl fetches the same list over TLS from a server that takes 40 ms, with curl and with a Client at the same concurrency:
//
//	go test ./pkg/fetch -run '^$' -bench BesideCurl -benchtime 1x
func BenchmarkBesideCurl(b *testing.B) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		b.Skip("curl is not installed")
	}
	const chunks = 8000
	for _, concurrency := range []int{fetch.DefaultConcurrency(), fetch.MaxConcurrency} {
		b.Run(fmt.Sprint(concurrency), func(b *testing.B) {
			server := fetchtest.NewServer(fetchtest.Options{
				TLS: true, Image: fetchtest.Repeat(chunk, 4, fetch.Sample()),
				Fault: func(tiles.Chunk, int) fetchtest.Fault { return fetchtest.Fault{Delay: 40 * time.Millisecond} },
			})
			defer server.Close()
			dir := b.TempDir()
			ca, list := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "list")
			var urls strings.Builder
			for x := range chunks {
				fmt.Fprintf(&urls, "url = %s/16/%d/0.jpg\noutput = /dev/null\n", server.URL(), x)
			}
			for name, text := range map[string][]byte{ca: server.CertPEM(), list: []byte(urls.String())} {
				if err := os.WriteFile(name, text, 0o600); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				start := time.Now()
				cmd := exec.Command(curl, "--parallel", "--parallel-max", fmt.Sprint(concurrency), "--http2", "--silent", "--cacert", ca, "--config", list)
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("curl: %v: %s", err, out)
				}
				theirs := chunks / time.Since(start).Seconds()

				client := fetch.NewClient(fetch.ClientOptions{Concurrency: concurrency, RootCAs: server.CertPool()})
				source := client.Source(server.Provider())
				start = time.Now()
				var g errgroup.Group
				g.SetLimit(2 * concurrency)
				for x := range uint32(chunks) {
					g.Go(func() error {
						_, err := source.Fetch(b.Context(), tiles.Chunk{Z: 16, X: x})
						return err
					})
				}
				if err := g.Wait(); err != nil {
					b.Fatal(err)
				}
				ours := chunks / time.Since(start).Seconds()
				b.ReportMetric(ours, "requests/s")
				b.ReportMetric(theirs, "curl/s")
				b.ReportMetric(100*ours/theirs, "%ofcurl")
				b.ReportMetric(float64(client.Stats().Hedges), "hedges")
				client.Close()
			}
		})
	}
}

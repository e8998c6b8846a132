package fetch_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// TestDrillBesideCurl fetches one list over TLS from a server that takes 40 ms, with curl and with
// a Client at the same concurrency, in turns: server, curl and client are processes of their own.
func TestDrillBesideCurl(t *testing.T) {
	drill.SkipIfShort(t)
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed")
	}
	for _, test := range []struct{ concurrency, chunks, rounds int }{
		{fetch.MaxConcurrency, drill.Scale(50_000, 500), drill.Scale(3, 1)},
		{fetch.DefaultConcurrency(), drill.Scale(50_000, 100), 1}, // latency is the limit: one round says it
	} {
		t.Run(fmt.Sprint(test.concurrency), func(t *testing.T) {
			server := startServer(t, serverConfig{TLS: true, Latency: 40 * time.Millisecond})
			list := curlList(t, server, test.chunks)
			var ratios, ours, theirs []float64
			for range test.rounds {
				start := time.Now()
				cmd := exec.CommandContext(t.Context(), curl, "--parallel", "--parallel-max", fmt.Sprint(test.concurrency), "--http2", "--silent", "--show-error",
					"--fail-early", "--fail", "--config", list)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("curl: %v: %s", err, out)
				}
				a := float64(test.chunks) / time.Since(start).Seconds()
				start = time.Now()
				r, cpu := runClient(t, clientConfig{server.Template, server.PEM, test.chunks, test.concurrency})
				b := float64(test.chunks) / time.Since(start).Seconds() // its start counts, as curl's does
				if r.Failed > 0 || r.Stats.OK != int64(test.chunks) {
					t.Errorf("%d failed, %+v", r.Failed, r.Stats)
				}
				t.Logf("curl %.0f a second in %.2f s of processor time, xelpack %.0f in %.2f s; %d second requests", a,
					(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), b, cpu.Seconds(), r.Stats.Hedges)
				ratios, ours, theirs = append(ratios, b/a), append(ours, b), append(theirs, a)
			}
			ratio := median(ratios)
			drill.Row(t, fmt.Sprintf("%d chunks, 40 ms, %d at once, beside curl --http2", test.chunks, test.concurrency), "95 % of curl's requests/s",
				fmt.Sprintf("%.0f %% (%.0f/s, curl %.0f/s)", 100*ratio, median(ours), median(theirs)), ratio >= 0.95)
		})
	}
}

// curlList writes the list of chunks in curl's words.
func curlList(t *testing.T, server *remote, chunks int) string {
	t.Helper()
	dir := t.TempDir()
	ca, list := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "list")
	var text strings.Builder
	fmt.Fprintf(&text, "cacert = %s\n", ca)
	for i := range chunks {
		c := drillChunk(i)
		fmt.Fprintf(&text, "url = %s/%d/%d/%d.jpg\noutput = /dev/null\n", server.URL, c.Z, c.X, c.Y)
	}
	for name, body := range map[string][]byte{ca: server.PEM, list: []byte(text.String())} {
		if err := os.WriteFile(name, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

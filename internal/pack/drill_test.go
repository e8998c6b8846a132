package pack

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// transient is every kind of answer of domain §6 that is trouble which may pass, and the forms of
// imagery with the same pixels.
var transient = []fetchtest.Kind{
	fetchtest.TooMany, fetchtest.Unavailable, fetchtest.ServerError, fetchtest.RequestTimeout, fetchtest.Reset, fetchtest.Stall, fetchtest.StallBody,
	fetchtest.ShortBody, fetchtest.Empty, fetchtest.HTML, fetchtest.Truncated, fetchtest.Corrupt, fetchtest.WrongSize, fetchtest.CMYK, fetchtest.Huge,
	fetchtest.Progressive, fetchtest.Padded, fetchtest.Redirect,
}

// nowhere answers one chunk in fifty with each way to say that there is no imagery, always.
var nowhere = func(faults fetchtest.Faults) fetchtest.Faults {
	return func(c tiles.Chunk, _ int) fetchtest.Fault { return faults(c, 0) }
}(fetchtest.FirstOf(50, fetchtest.NotFound, fetchtest.Gone, fetchtest.NoContent,
	fetchtest.BingNoTile, fetchtest.ArcGISNoData))

// TestDrillRandomFaults: one answer in twenty is faulty, in every way there is; some chunks are
// nowhere. The archive equals that of a server without faults, every chunk ends as it does there,
// and no goroutine is left.
func TestDrillRandomFaults(t *testing.T) {
	drill.SkipIfShort(t)
	items := drill.Scale(neighbours(400, 0), neighbours(10, 1))
	dir := t.TempDir()
	build := func(t *testing.T, file string, tls bool,
		faults fetchtest.Faults) (string, Report, fetchtest.Stats) {
		server := fetchtest.NewServer(fetchtest.Options{TLS: tls, Image: fields(), Fault: faults})
		defer server.Close()
		client := fetch.NewClient(
			fetch.ClientOptions{Timeout: drill.Scale(20*time.Second, 3*time.Second),
				RootCAs: server.CertPool()})
		defer client.Close()
		p, err := fetch.LookupProvider(server.ArcGISTemplate())
		if err != nil {
			t.Fatal(err)
		}
		pipeline := New(Options{Source: client.Source(p), MaxZL: tiles.MaxZL})
		defer pipeline.Close()
		got, r := buildArchive(t, pipeline, client, filepath.Join(dir, file), items)
		return got, r, server.Stats()
	}
	want, clean, _ := build(t, "clean.mbtiles", false, nowhere)
	if clean.Chunks.NoImagery == 0 {
		t.Error("no chunk is nowhere: the drill shows less than it says")
	}
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2"} {
		t.Run(protocol, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			trouble := fetchtest.OneIn(20, transient...)
			got, r, s := build(t, fmt.Sprintf("faulty%d.mbtiles", len(protocol)),
				protocol == "HTTP/2", func(c tiles.Chunk, attempt int) fetchtest.Fault {
					f, none := trouble(c, attempt), nowhere(c, attempt)
					switch f.Kind {
					case fetchtest.OK:
						return none
					case fetchtest.Progressive, fetchtest.Padded, fetchtest.Redirect:
						// where there is no imagery, it comes in no form
						if none.Kind != fetchtest.OK {
							return none
						}
					}
					return f
				})
			if got != want {
				t.Errorf("digest %s, without faults %s", got, want)
			}
			if r.State != StateComplete || r.Chunks != clean.Chunks {
				t.Errorf("%s with %+v, without faults %+v", r.State, r.Chunks, clean.Chunks)
			}
			if s.Requests <= s.Distinct {
				t.Errorf("%d requests for %d chunks: no fault was provoked", s.Requests, s.Distinct)
			}
			chunks := r.Chunks.OK + r.Chunks.NoImagery + r.Chunks.Failed
			name := fmt.Sprintf("5 %% faults of %d kinds, %d chunks (%s)", len(transient), chunks,
				protocol)
			drill.Row(t, name, "equal archive, no failure",
				fmt.Sprintf("equal: %t, %d failed, %d asked again, %.0f s (%.0f s without)",
					got == want, r.Chunks.Failed, s.Requests-s.Distinct, r.ElapsedSeconds, clean.ElapsedSeconds), got == want && r.Chunks.Failed == 0)
			leak := patience.Leaks(before)
			if leak != nil {
				t.Error(leak)
			}
			drill.Row(t, "… goroutines left", "none",
				map[bool]string{true: "none", false: "some"}[leak == nil], leak == nil)
		})
	}
}

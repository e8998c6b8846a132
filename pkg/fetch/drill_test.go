package fetch_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// TestDrillTooMany: a server that answers 429 above 400 requests a second, near and plain, and far
// over HTTP/2.
func TestDrillTooMany(t *testing.T) {
	drill.SkipIfShort(t)
	const perSecond = 400
	chunks := drill.Scale(20_000, 150)
	for _, test := range []struct {
		name   string
		server serverConfig
	}{
		{"2 ms, HTTP/1.1", serverConfig{Rate: perSecond, Latency: 2 * time.Millisecond}},
		{"40 ms, HTTP/2", serverConfig{Rate: perSecond, Latency: 40 * time.Millisecond, TLS: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server, client, _ := serve(t, test.server.options(), fetch.ClientOptions{Concurrency: fetch.MaxConcurrency})
			client.SetWait(fetch.Sleep)
			var early, late struct {
				at          time.Time
				ok, refused int
			}
			look := func() (at time.Time, ok, refused int) {
				s := server.Stats()
				return time.Now(), s.ByStatus[200], s.ByStatus[429]
			}
			early.at = time.Now() // in the reduced form the ten seconds never come
			after := time.AfterFunc(10*time.Second, func() { early.at, early.ok, early.refused = look() })
			failed := fetchMany(t.Context(), client.Source(server.Provider()), chunks, 2*fetch.MaxConcurrency, nil)
			after.Stop()
			late.at, late.ok, late.refused = look()
			s := server.Stats()

			rate := float64(late.ok-early.ok) / late.at.Sub(early.at).Seconds()
			share := float64(late.refused-early.refused) / float64(late.ok-early.ok+late.refused-early.refused)
			twice := float64(s.Requests-s.Distinct-s.ByStatus[429]) / float64(s.Requests)
			if failed > 0 || s.Distinct != chunks {
				t.Errorf("%d of %d chunks failed, %d were asked for", failed, chunks, s.Distinct)
			}
			drill.Row(t, "429 above 400/s ("+test.name+"): rate after 10 s", "360/s", fmt.Sprintf("%.0f/s", rate), rate >= 0.9*perSecond)
			drill.Row(t, "… answers that are 429 after 10 s", "under 2 %", fmt.Sprintf("%.2f %%", 100*share), share < 0.02)
			drill.Row(t, "… sent twice besides those", "at most 1 %", fmt.Sprintf("%.2f %%", 100*twice), twice <= 0.01)
			drill.Row(t, "… failures", "0", fmt.Sprint(failed), failed == 0)
		})
	}
}

// TestDrillNarrowLine: 20 Mbit/s, shaped at the server.
func TestDrillNarrowLine(t *testing.T) {
	drill.SkipIfShort(t)
	const perSecond = 20e6 / 8
	chunks := drill.Scale(10_000, 120)
	for _, tls := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%t", tls), func(t *testing.T) {
			config := serverConfig{TLS: tls, Latency: 40 * time.Millisecond, Bandwidth: perSecond}
			server, client, _ := serve(t, config.options(), fetch.ClientOptions{Concurrency: fetch.MaxConcurrency})
			client.SetWait(fetch.Sleep)
			took := make([]time.Duration, chunks)
			start := time.Now()
			failed := fetchMany(t.Context(), client.Source(server.Provider()), chunks, fetch.MaxConcurrency, func(i int, d time.Duration) { took[i] = d })
			elapsed := time.Since(start)
			slices.Sort(took)

			s := server.Stats()
			used := float64(s.Bytes) / perSecond / elapsed.Seconds()
			payload := float64(chunks*chunkBytes) / perSecond / elapsed.Seconds()
			p99 := took[len(took)*99/100]
			again := s.Requests - chunks
			if failed > 0 || again < 0 {
				t.Errorf("%d failed, %d requests", failed, s.Requests)
			}
			protocol := map[bool]string{false: "HTTP/1.1", true: "HTTP/2"}[tls]
			drill.Row(t, "20 Mbit/s ("+protocol+"): share of the line used", "95 %",
				fmt.Sprintf("%.1f %% (%.1f %% by imagery alone)", 100*used, 100*payload), used >= 0.95)
			drill.Row(t, "… p99 wait, our own queue included", "under the attempt's 20 s", p99.Round(10*time.Millisecond).String(), p99 < 20*time.Second)
			drill.Row(t, fmt.Sprintf("… requests beyond one for each of %d chunks", chunks), "no storm: at most 1 %", fmt.Sprint(again), again <= chunks/100)
		})
	}
}

// TestDrillNeverAnswered: one request in 1,000 is never answered; with and without, in turns.
func TestDrillNeverAnswered(t *testing.T) {
	drill.SkipIfShort(t)
	chunks, rounds := drill.Scale(20_000, 600), drill.Scale(3, 1)
	one := drill.Scale(1000, 200)
	without := startServer(t, serverConfig{TLS: true, Latency: 40 * time.Millisecond})
	with := startServer(t, serverConfig{TLS: true, Latency: 40 * time.Millisecond, NeverOf: one})
	var ratios []float64
	var hedges, sent int64
	for range rounds {
		var seconds [2]float64
		for i, server := range []*remote{without, with} {
			r, _ := runClient(t, clientConfig{server.Template, server.PEM, chunks, fetch.DefaultConcurrency()})
			if r.Failed > 0 || r.Stats.OK != int64(chunks) {
				t.Errorf("%d failed, %+v", r.Failed, r.Stats)
			}
			seconds[i] = r.Seconds
			if i == 1 {
				hedges, sent = hedges+r.Stats.Hedges, sent+r.Stats.Requests
			}
		}
		t.Logf("%.2f s without, %.2f s with", seconds[0], seconds[1])
		ratios = append(ratios, seconds[1]/seconds[0])
	}
	stats, err := with.end()
	if err != nil {
		t.Fatal(err)
	}
	if stats.ByStatus[0] == 0 {
		t.Error("the server answered everything: the drill shows nothing")
	}
	if hedges == 0 {
		t.Error("no straggler was asked for again")
	}
	ratio := median(ratios)
	drill.Row(t, fmt.Sprintf("one request in %d never answered: total time", one), "at most 105 % of that without", fmt.Sprintf("%.1f %%", 100*ratio), ratio <= 1.05)
	drill.Row(t, "… second requests", "at most 1 %", fmt.Sprintf("%.2f %%", 100*float64(hedges)/float64(sent)), 100*hedges <= sent)
}

// TestDrillMemory: peak memory of a client that fetches 10,000 chunks, and of one that fetches
// 500,000.
func TestDrillMemory(t *testing.T) {
	drill.SkipIfShort(t)
	server := startServer(t, serverConfig{TLS: true})
	few, many := drill.Scale(10_000, 500), drill.Scale(500_000, 2000)
	peak := func(chunks int) float64 {
		r, _ := runClient(t, clientConfig{server.Template, server.PEM, chunks, fetch.MaxConcurrency})
		if r.Failed > 0 || r.Stats.OK != int64(chunks) {
			t.Errorf("%d failed, %+v", r.Failed, r.Stats)
		}
		t.Logf("%d chunks: %.1f MB, %.0f a second", chunks, float64(r.Peak)/1e6, float64(chunks)/r.Seconds)
		return float64(r.Peak) / 1e6
	}
	before := median([]float64{peak(few), peak(few), peak(few)})
	after := peak(many)
	drill.Row(t, fmt.Sprintf("peak memory of %d chunks beside %d", many, few), "within 10 %", fmt.Sprintf("%+.1f %% (%.1f MB, %.1f MB)", 100*(after/before-1), after, before),
		after <= 1.1*before)
}

package fetch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	_ "image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	_ "golang.org/x/image/webp"
	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// waits records how long a client would have slept, and does not sleep.
type waits struct {
	mu   sync.Mutex
	took []time.Duration
}

func (w *waits) wait(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.took = append(w.took, d)
	return ctx.Err()
}

// serve returns a server, and a client of it that does not sleep. Both end with the test.
func serve(t testing.TB, so fetchtest.Options,
	co fetch.ClientOptions) (*fetchtest.Server, *fetch.Client, *waits) {
	t.Helper()
	server := fetchtest.NewServer(so)
	t.Cleanup(server.Close)
	co.RootCAs = server.CertPool()
	client, w := newClient(t, co)
	if so.Pipes != nil {
		client.SetDial(so.Pipes.DialContext)
	}
	return server, client, w
}

func newClient(t testing.TB, o fetch.ClientOptions) (*fetch.Client, *waits) {
	client := fetch.NewClient(o)
	t.Cleanup(client.Close)
	w := &waits{}
	client.SetWait(w.wait)
	return client, w
}

func provider(t testing.TB, template string) fetch.Provider {
	t.Helper()
	p, err := fetch.LookupProvider(template)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var chunk = tiles.Chunk{Z: 16, X: 33712, Y: 23952}

// sampleBody is what the test server serves for c.
func sampleBody(t testing.TB, c tiles.Chunk) []byte {
	t.Helper()
	body, err := fetch.Sample().Fetch(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// decodes is the check of a pipeline: the picture must decode.
func decodes(body []byte) error {
	_, _, err := image.Decode(bytes.NewReader(body))
	return err
}

// TestBadAnswers is the table of what a provider may answer and what becomes of it, over HTTP/1.1
// and HTTP/2.
func TestBadAnswers(t *testing.T) {
	const retries = 3
	const asked = retries + 1
	type outcome struct {
		kind     fetchtest.Kind
		is       error // nil: imagery
		requests int
		says     string
	}
	table := []outcome{
		{fetchtest.OK, nil, 1, ""},
		{fetchtest.Progressive, nil, 1, ""},
		{fetchtest.Grey, nil, 1, ""},
		{fetchtest.Padded, nil, 1, ""},
		{fetchtest.Redirect, nil, 1, ""},
		{fetchtest.PNG, nil, 1, ""},
		{fetchtest.WebP, nil, 1, ""},

		{fetchtest.NotFound, fetch.ErrNoImagery, 1, "404"},
		{fetchtest.Gone, fetch.ErrNoImagery, 1, "410"},
		{fetchtest.NoContent, fetch.ErrNoImagery, 1, "204"},
		{fetchtest.BingNoTile, fetch.ErrNoImagery, 1, "placeholder"},
		{fetchtest.ArcGISNoData, fetch.ErrNoImagery, 1, "placeholder"},

		{fetchtest.TooMany, nil, asked, "429"},
		{fetchtest.Unavailable, nil, asked, "503"},
		{fetchtest.ServerError, nil, asked, "500"},
		{fetchtest.RequestTimeout, nil, asked, "408"},
		{fetchtest.Reset, fetch.ErrNetwork, asked, "asked 4 times"},
		{fetchtest.ShortBody, fetch.ErrNetwork, asked, "network"},
		{fetchtest.Stall, fetch.ErrTimeout, asked, "no complete answer in time"},
		{fetchtest.StallBody, fetch.ErrTimeout, asked, "no complete answer in time"},

		{fetchtest.Empty, fetch.ErrBody, asked, "empty"},
		{fetchtest.HTML, fetch.ErrBody, asked, "HTML: Sign in"},
		{fetchtest.Truncated, fetch.ErrBody, asked, "cut off"},
		{fetchtest.Corrupt, fetch.ErrBody, asked, "JPEG"},
		{fetchtest.WrongSize, fetch.ErrBody, asked, "512×512"},
		{fetchtest.CMYK, fetch.ErrBody, asked, "CMYK"},
		{fetchtest.Huge, fetch.ErrBody, asked, "longer than 4 MiB"},

		{fetchtest.Unauthorized, fetch.ErrRefused, 1, "401"},
		{fetchtest.Forbidden, fetch.ErrRefused, 1, "403"},
		{fetchtest.BadRequest, nil, 1, "400"},
		{fetchtest.RedirectLoop, nil, 6, "redirect not followed: more than 5 times"},
	}
	good := map[fetchtest.Kind]bool{
		fetchtest.OK: true, fetchtest.Progressive: true, fetchtest.Grey: true, fetchtest.Padded: true, fetchtest.Redirect: true,
		fetchtest.PNG: true, fetchtest.WebP: true,
	}
	for _, mode := range []struct {
		name string
		tls  bool
	}{{"http1", false}, {"http2", true}} {
		for _, want := range table {
			t.Run(mode.name+"/"+want.kind.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server, client, w := serve(t, fetchtest.Options{TLS: mode.tls,
						Pipes: fetchtest.NewPipes(), Fault: fetchtest.Always(want.kind)},
						fetch.ClientOptions{Retries: retries, Check: decodes})
					body, err := client.Source(provider(t, server.ArcGISTemplate())).Fetch(
						t.Context(), chunk)

					if n := server.Asked(chunk); n != want.requests {
						t.Errorf("asked %d times, want %d", n, want.requests)
					}
					if good[want.kind] {
						if err != nil {
							t.Fatal(err)
						}
						if err := decodes(body); err != nil {
							t.Error(err)
						}
						return
					}
					if err == nil || body != nil {
						t.Fatalf("Fetch = %d bytes, %v, want an error", len(body), err)
					}
					for _, sentinel := range []error{fetch.ErrNoImagery, fetch.ErrRefused,
						fetch.ErrBody, fetch.ErrTimeout, fetch.ErrNetwork} {
						if got := errors.Is(err, sentinel); got != (sentinel == want.is) {
							t.Errorf("errors.Is(%q, %q) = %t", err, sentinel, got)
						}
					}
					if errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%q is context.DeadlineExceeded, which is the caller's", err)
					}
					host := strings.TrimPrefix(strings.TrimPrefix(server.URL(), "https://"), "http://")
					for _, part := range []string{want.says, host, chunk.String()} {
						if !strings.Contains(err.Error(), part) {
							t.Errorf("%q does not mention %q", err, part)
						}
					}
					if retried := len(w.took); want.requests == asked && retried != retries {
						t.Errorf("waited %d times, want %d", retried, retries)
					}
				})
			})
		}
	}
}

// TestFaultyFirstAnswers: what passes must leave no trace.
func TestFaultyFirstAnswers(t *testing.T) {
	for _, tls := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%t", tls), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { faultyFirstAnswers(t, tls) })
		})
	}
}

func faultyFirstAnswers(t *testing.T, tls bool) {
	imagery := fetchtest.Repeat(chunk, 4, fetch.Sample())
	server, client, _ := serve(t, fetchtest.Options{
		TLS: tls, Image: imagery, Pipes: fetchtest.NewPipes(),
		Fault: fetchtest.FirstOf(5,
			fetchtest.TooMany, fetchtest.Unavailable, fetchtest.ServerError, fetchtest.RequestTimeout, fetchtest.Reset, fetchtest.ShortBody,
			fetchtest.Empty, fetchtest.HTML, fetchtest.Truncated, fetchtest.Corrupt, fetchtest.WrongSize, fetchtest.CMYK),
	}, fetch.ClientOptions{Check: decodes})
	source := client.Source(server.Provider())
	want := map[tiles.Chunk][]byte{}
	item := tiles.Item{Texture: tiles.Texture{Row: 23952, Col: 33712, ZL: 16, Maptype: "XP"}}
	const chunks = 128
	var all []tiles.Chunk
	for _, c := range item.Chunks() {
		if len(all) == chunks {
			break
		}
		all = append(all, c)
		place := tiles.Chunk{X: c.X % 4, Y: c.Y % 4}
		if want[place] == nil {
			want[place], _ = imagery.Fetch(t.Context(), c)
		}
	}
	var group errgroup.Group
	for _, c := range all {
		group.Go(func() error {
			body, err := source.Fetch(t.Context(), c)
			if err == nil && !bytes.Equal(body, want[tiles.Chunk{X: c.X % 4, Y: c.Y % 4}]) {
				err = fmt.Errorf("%s is not what the server has", c)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	again := 0
	for _, n := range server.AskedFor() {
		again += n - 1
	}
	if again < chunks/10 {
		t.Errorf("only %d chunks were asked for again: the faults did not work", again)
	}
	stats := client.Stats()
	// net/http retries by itself when a kept connection is reset, so ours may be fewer than
	// the server saw.
	if stats.OK != chunks || stats.Failed != 0 || stats.NoImagery != 0 ||
		stats.Retries > int64(again) || stats.Requests != int64(chunks+again) {
		t.Errorf("stats are %+v, with %d asked again", stats, again)
	}
}

func TestPlaceholderNeedsItsProvider(t *testing.T) {
	server, client, _ := serve(t,
		fetchtest.Options{Fault: fetchtest.Always(fetchtest.ArcGISNoData)}, fetch.ClientOptions{})
	body, err := client.Source(server.Provider()).Fetch(t.Context(), chunk)
	if err != nil || len(body) != 2521 {
		t.Errorf("Fetch = %d bytes, %v: a JPEG of 2,521 bytes is imagery where the server is not "+
			"ArcGIS", len(body), err)
	}
}

func TestCheckIsAskedAgain(t *testing.T) {
	bad := errors.New("the decoder does not like it")
	checks := 0
	server, client, _ := serve(t, fetchtest.Options{},
		fetch.ClientOptions{Patience: -1, Check: func([]byte) error {
			if checks++; checks < 3 {
				return bad
			}
			return nil
		}})
	source := client.Source(server.Provider())
	if _, err := source.Fetch(t.Context(), chunk); err != nil || server.Asked(chunk) != 3 {
		t.Errorf("%v after %d requests, want imagery after 3", err, server.Asked(chunk))
	}
	checks = -1000
	if _, err := source.Fetch(t.Context(), chunk); !errors.Is(err, fetch.ErrBody) ||
		!errors.Is(err, bad) {
		t.Errorf("%v, want ErrBody with the check's own error", err)
	}
}

// TestEndlessBody: a body without a length is cut off, too.
func TestEndlessBody(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	client, _ := newClient(t, fetch.ClientOptions{Retries: -1})
	_, err := client.Source(provider(t, server.URL+"/{z}/{x}/{y}")).Fetch(t.Context(), chunk)
	if !errors.Is(err, fetch.ErrBody) || !strings.Contains(err.Error(), "4 MiB") {
		t.Errorf("%v, want ErrBody that names the limit", err)
	}
	if n := client.Stats().BytesDownloaded; n > 4<<20+1 {
		t.Errorf("read %d bytes", n)
	}
}

func TestOutOfRange(t *testing.T) {
	server, client, _ := serve(t, fetchtest.Options{}, fetch.ClientOptions{})
	p := server.Provider()
	p.MinZL, p.MaxZL = 3, 10
	source := client.Source(p)
	for _, z := range []tiles.ZL{0, 2, 11, 22, 40} {
		if _, err := source.Fetch(t.Context(), tiles.Chunk{Z: z}); !errors.Is(err, fetch.ErrZoom) {
			t.Errorf("zoom level %d: %v, want ErrZoom", z, err)
		}
	}
	if _, err := source.Fetch(t.Context(), tiles.Chunk{Z: 3, X: 8}); err == nil {
		t.Error("a chunk outside the world was fetched")
	}
	if n := server.Stats().Requests; n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestClosedClient(t *testing.T) {
	server, client, _ := serve(t, fetchtest.Options{}, fetch.ClientOptions{})
	source := client.Source(server.Provider())
	client.Close()
	if _, err := source.Fetch(t.Context(), chunk); !errors.Is(err, fetch.ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
}

func TestProgressiveHasTheSamePixels(t *testing.T) {
	server, client, _ := serve(t,
		fetchtest.Options{Fault: func(_ tiles.Chunk, attempt int) fetchtest.Fault {
			return fetchtest.Fault{Kind: []fetchtest.Kind{fetchtest.OK, fetchtest.Progressive}[attempt]}
		}}, fetch.ClientOptions{})
	source := client.Source(server.Provider())
	var pictures [2]*image.YCbCr
	var bodies [2][]byte
	for i := range pictures {
		var err error
		if bodies[i], err = source.Fetch(t.Context(), chunk); err != nil {
			t.Fatal(err)
		}
		m, err := jpeg.Decode(bytes.NewReader(bodies[i]))
		if err != nil {
			t.Fatal(err)
		}
		pictures[i] = m.(*image.YCbCr)
	}
	if bytes.Equal(bodies[0], bodies[1]) {
		t.Error("the second answer is the first")
	}
	a, b := pictures[0], pictures[1]
	if !bytes.Equal(a.Y, b.Y) || !bytes.Equal(a.Cb, b.Cb) || !bytes.Equal(a.Cr, b.Cr) {
		t.Error("the progressive answer shows other pixels than the baseline one")
	}
}

// TestAllowance has a provider that takes three requests a day: the fourth is not made, nobody
// waits for it, and it ends as an outage does. Providers without such a limit are not counted.
func TestAllowance(t *testing.T) {
	server := fetchtest.NewServer(fetchtest.Options{})
	defer server.Close()
	var left atomic.Int64
	left.Store(3)
	usedUp := errors.New("three a day")
	client := fetch.NewClient(
		fetch.ClientOptions{Allow: func(context.Context, fetch.Provider) error {
			if left.Add(-1) < 0 {
				return usedUp
			}
			return nil
		}})
	defer client.Close()
	limited := fetch.Provider{ID: "limited", Template: server.Template(), MaxZL: 22,
		RequestsADay: 3}
	source := client.Source(limited)
	for i, c := range subjectChunks(0, 5) {
		_, err := source.Fetch(t.Context(), c)
		if i < 3 && err != nil || i >= 3 &&
			(!errors.Is(err, fetch.ErrDown) || !errors.Is(err, usedUp)) {
			t.Errorf("request %d: %v", i+1, err)
		}
	}
	if n := client.Stats().Requests; n != 3 {
		t.Errorf("%d requests were made, want 3", n)
	}
	limited.RequestsADay = 0
	if _, err := client.Source(limited).Fetch(t.Context(), subjectChunks(9, 1)[0]); err != nil {
		t.Errorf("without a limit: %v", err)
	}
}

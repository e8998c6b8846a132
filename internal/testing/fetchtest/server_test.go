package fetchtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg"
	"image/png"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "golang.org/x/image/webp"

	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestMain(m *testing.M) { patience.Main(m) }

var place = tiles.Chunk{Z: 16, X: 33712, Y: 23952}

// get asks s for path and returns the whole answer.
func get(t *testing.T, s *Server, path string) (*http.Response, []byte, error) {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, body, err
}

func TestKinds(t *testing.T) {
	good, err := fetch.Sample().Fetch(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	decoded := func(format string, side int) func(*testing.T, *http.Response, []byte) {
		return func(t *testing.T, _ *http.Response, body []byte) {
			m, got, err := image.Decode(bytes.NewReader(body))
			if err != nil || got != format || m.Bounds().Dx() != side || m.Bounds().Dy() != side {
				t.Errorf("a %s, %v, want a %s of %d px", got, err, format, side)
			}
		}
	}
	length := func(n int) func(*testing.T, *http.Response, []byte) {
		return func(t *testing.T, _ *http.Response, body []byte) {
			if len(body) != n {
				t.Errorf("%d bytes, want %d", len(body), n)
			}
		}
	}
	type check = func(*testing.T, *http.Response, []byte)
	for _, test := range []struct {
		kind   Kind
		status int // 0: no whole answer
		checks []check
	}{
		{OK, 200, []check{decoded("jpeg", 256), length(len(good))}},
		{Progressive, 200, []check{decoded("jpeg", 256)}},
		{Grey, 200, []check{decoded("jpeg", 256)}},
		{Padded, 200, []check{decoded("jpeg", 256), length(len(good) + 64)}},
		{Redirect, 302, nil},
		{NotFound, 404, nil},
		{Gone, 410, nil},
		{NoContent, 204, []check{length(0)}},
		{BingNoTile, 200, []check{length(1033),
			func(t *testing.T, res *http.Response, body []byte) {
				if _, err := png.Decode(bytes.NewReader(body)); err != nil ||
					res.Header.Get("X-VE-Tile-Info") != "no-tile" {
					t.Errorf("a PNG with %v, header %q", err, res.Header.Get("X-VE-Tile-Info"))
				}
			}}},
		{ArcGISNoData, 200, []check{length(2521), decoded("jpeg", 256)}},
		{TooMany, 429, nil},
		{Unavailable, 503, nil},
		{ServerError, 500, nil},
		{RequestTimeout, 408, nil},
		{Reset, 0, nil},
		{ShortBody, 0, nil},
		{Empty, 200, []check{length(0)}},
		{HTML, 200, []check{func(t *testing.T, res *http.Response, body []byte) {
			if res.Header.Get("Content-Type") != "text/html" ||
				!bytes.HasPrefix(body, []byte("<!DOCTYPE html>")) {
				t.Errorf("%s: %.20q", res.Header.Get("Content-Type"), body)
			}
		}}},
		{Truncated, 200, []check{length(len(good) * 2 / 3)}},
		{Corrupt, 200, []check{func(t *testing.T, _ *http.Response, body []byte) {
			if err := fetch.CheckTile(body, tiles.ChunkPixels); err != nil {
				t.Errorf("its markers are not whole: %v", err)
			}
			if _, _, err := image.Decode(bytes.NewReader(body)); err == nil {
				t.Error("its picture decodes")
			}
		}}},
		{WrongSize, 200, []check{decoded("jpeg", 512)}},
		{CMYK, 200, []check{decoded("jpeg", 256),
			func(t *testing.T, _ *http.Response, body []byte) {
				if m, _, err := image.Decode(bytes.NewReader(body)); err != nil {
					t.Error(err)
				} else if _, ok := m.(*image.CMYK); !ok {
					t.Errorf("it is a %T", m)
				}
			}}},
		{PNG, 200, []check{decoded("png", 256)}},
		{WebP, 200, []check{decoded("webp", 256)}},
		{Huge, 200, []check{length(len(good) + 5<<20)}},
		{Unauthorized, 401, nil},
		{Forbidden, 403, nil},
		{BadRequest, 400, nil},
		{RedirectLoop, 302, nil},
	} {
		t.Run(test.kind.String(), func(t *testing.T) {
			s := NewServer(Options{Fault: Always(test.kind)})
			defer s.Close()
			res, body, err := get(t, s, "/16/33712/23952.jpg")
			if test.status == 0 {
				if err == nil {
					t.Errorf("a whole answer of %d bytes", len(body))
				}
				return
			}
			if err != nil || res.StatusCode != test.status {
				t.Fatalf("%v, %v, want status %d", res, err, test.status)
			}
			for _, check := range test.checks {
				check(t, res, body)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	s := NewServer(Options{Image: fetchFunc(func(_ context.Context, c tiles.Chunk) ([]byte, error) {
		return []byte(c.String()), nil
	})})
	defer s.Close()
	for path, want := range map[string]string{
		"/3/3/5.jpg":          "z3/3/5",
		"/3/3/5":              "z3/3/5",
		"/quad/a213.jpeg":     "z3/3/5",
		"/moved/here/3/3/5.j": "z3/3/5",
		"/arcgis/rest/services/Test/MapServer/tile/3/5/3": "z3/3/5",
		"/quad/a":         "z0/0/0",
		"/3/8/5.jpg":      "",
		"/3/-1/5.jpg":     "",
		"/32/1/1.jpg":     "",
		"/quad/a4.jpeg":   "",
		"/some/where/far": "",
		"/":               "",
	} {
		res, body, err := get(t, s, path)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(body); want != "" && got != want || want == "" && res.StatusCode < 400 {
			t.Errorf("%s: status %d, %q, want %q", path, res.StatusCode, got, want)
		}
	}
}

type fetchFunc func(context.Context, tiles.Chunk) ([]byte, error)

func (f fetchFunc) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) { return f(ctx, c) }

func TestCounts(t *testing.T) {
	s := NewServer(Options{Fault: func(_ tiles.Chunk, attempt int) Fault {
		return Fault{Kind: []Kind{Unavailable, Reset, OK}[min(attempt, 2)], RetryAfter: "9"}
	}})
	defer s.Close()
	for i, path := range []string{"/1/0/0", "/1/0/0", "/1/0/0", "/1/0/0", "/1/1/0",
		"/quad/a0.jpeg"} {
		res, _, err := get(t, s, path)
		if i == 0 && (err != nil || res.Header.Get("Retry-After") != "9") {
			t.Errorf("the header Retry-After is %q, %v", res.Header.Get("Retry-After"), err)
		}
	}
	want := Stats{Requests: 6, Distinct: 2, ByStatus: map[int]int{0: 1, 503: 2, 200: 3},
		MaxInFlight: 1, Connections: 6}
	got := s.Stats()
	if got.Bytes == 0 {
		t.Error("no bytes were sent")
	}
	got.Bytes = 0 // they depend on the length of headers
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[tiles.Chunk]int{{Z: 1}: 5, {Z: 1, X: 1}: 1}, s.AskedFor()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if n := s.Asked(tiles.Chunk{Z: 1}); n != 5 {
		t.Errorf("asked %d times, want 5", n)
	}
}

func TestSetFault(t *testing.T) {
	s := NewServer(Options{Fault: Always(Unavailable)})
	defer s.Close()
	for _, want := range []int{503, 404, 200} {
		res, _, err := get(t, s, "/1/0/0")
		if err != nil || res.StatusCode != want {
			t.Errorf("%v, %v, want status %d", res, err, want)
		}
		s.SetFault(map[int]Faults{503: Always(NotFound), 404: nil}[want])
	}
}

// The modes of the way to the server: latency, a rate, a bandwidth, connections that go dead. How
// exactly they keep to their figures is for the drills that use them; here that they do anything,
// in the right direction.
func TestModes(t *testing.T) {
	took := func(s *Server, requests int) time.Duration {
		start := time.Now()
		for range requests {
			if _, _, err := get(t, s, "/16/33712/23952.jpg"); err != nil {
				t.Fatal(err)
			}
		}
		return time.Since(start)
	}
	slow := NewServer(Options{Latency: 20 * time.Millisecond})
	defer slow.Close()
	if d := took(slow, 5); d < 100*time.Millisecond {
		t.Errorf("5 answers with 20 ms of latency in %v", d)
	}
	few := NewServer(Options{Rate: 1e-6})
	defer few.Close()
	took(few, 10)
	if n := few.Stats().ByStatus[429]; n != 9 {
		t.Errorf("of 10 requests to a server that takes one in eleven days, %d were refused", n)
	}
	narrow := NewServer(Options{Bandwidth: 100_000})
	defer narrow.Close()
	took(narrow, 1) // it makes the picture
	if d, sent := took(narrow, 3), narrow.Stats().Bytes; d < time.Duration(
		float64(sent)*0.6/100_000*float64(time.Second)) {
		t.Errorf("%d bytes at 100 KB/s, three quarters of them in %v", sent, d)
	}
}

func TestOneIn(t *testing.T) {
	faults := OneIn(20, Empty, HTML)
	counts := map[Kind]int{}
	for x := range uint32(10_000) {
		for attempt := range 2 {
			counts[faults(tiles.Chunk{Z: 16, X: x}, attempt).Kind]++
		}
	}
	if n := counts[Empty] + counts[HTML]; n < 900 || n > 1100 || counts[Empty] < 400 ||
		counts[HTML] < 400 {
		t.Errorf("of 20,000 answers: %v, want a twentieth faulty, half each", counts)
	}
}

func TestOfSize(t *testing.T) {
	body, err := OfSize(40_000, fetch.Sample()).Fetch(t.Context(), place)
	if err != nil || len(body) != 40_000 || fetch.CheckTile(body, tiles.ChunkPixels) != nil {
		t.Errorf("%d bytes, %v, %v", len(body), err, fetch.CheckTile(body, tiles.ChunkPixels))
	}
	short, err := OfSize(10, fetch.Sample()).Fetch(t.Context(), place)
	if err != nil || len(short) < 1000 {
		t.Errorf("%d bytes, %v: a longer chunk stays as it is", len(short), err)
	}
}

// TestCloseEndsStalls: a server with requests that are never answered can be closed.
func TestCloseEndsStalls(t *testing.T) {
	for _, fault := range []Fault{{Kind: Stall}, {Kind: StallBody}, {Delay: time.Hour}} {
		arrived := make(chan struct{})
		s := NewServer(Options{Fault: func(tiles.Chunk, int) Fault {
			close(arrived)
			return fault
		}})
		ended := make(chan error)
		go func() {
			_, _, err := get(t, s, "/1/0/0")
			ended <- err
		}()
		<-arrived
		s.Close()
		if err := <-ended; err == nil {
			t.Errorf("%v: a whole answer", fault.Kind)
		}
	}
}

// TestSettle: what a client that is gone has sent counts before the server has settled, and no
// later.
func TestSettle(t *testing.T) {
	s := NewServer(Options{})
	defer s.Close()
	for i := range 20 {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
		if err == nil {
			_, err = fmt.Fprintf(c, "GET /5/%d/0 HTTP/1.1\r\nHost: x\r\n\r\n", i)
			err = errors.Join(err, c.Close())
		}
		if err == nil {
			err = s.Settle(patience.For(t))
		}
		if n := s.Stats().Requests; err != nil || n != i+1 {
			t.Fatalf("%d requests, want %d; %v", n, i+1, err)
		}
	}
	c, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Settle(10*time.Millisecond) == nil {
		t.Error("settled while a client is there")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestImageWithoutImagery(t *testing.T) {
	for status, err := range map[int]error{404: fmt.Errorf("sea: %w", fetch.ErrNoImagery),
		500: errors.New("broken")} {
		s := NewServer(Options{Image: fetchFunc(func(context.Context, tiles.Chunk) ([]byte, error) {
			return nil, err
		})})
		if res, _, err := get(t, s, "/1/0/0"); err != nil || res.StatusCode != status {
			t.Errorf("%v, %v, want status %d", res, err, status)
		}
		s.Close()
	}
}

func TestListenOnATakenAddress(t *testing.T) {
	s := NewServer(Options{})
	defer s.Close()
	if _, err := Listen(Options{Addr: strings.TrimPrefix(s.URL(), "http://")}); err == nil {
		t.Error("two servers on one address")
	}
}

func TestFirstOf(t *testing.T) {
	faults := FirstOf(5, Empty, HTML)
	counts := map[Kind]int{}
	for x := range uint32(100) {
		for y := range uint32(100) {
			c := tiles.Chunk{Z: 16, X: x, Y: y}
			counts[faults(c, 0).Kind]++
			if k := faults(c, 1).Kind; k != OK {
				t.Errorf("the second answer for %s is %s", c, k)
			}
		}
	}
	if n := counts[Empty] + counts[HTML]; n < 1800 || n > 2200 || counts[Empty] < 900 ||
		counts[HTML] < 900 {
		t.Errorf("of 10,000 first answers: %v, want a fifth faulty, half each", counts)
	}
}

func TestRepeat(t *testing.T) {
	s := Repeat(tiles.Chunk{Z: 3, X: 4, Y: 4}, 4,
		fetchFunc(func(_ context.Context, c tiles.Chunk) ([]byte, error) {
			return []byte(c.String()), nil
		}))
	if got, err := s.Fetch(t.Context(), tiles.Chunk{Z: 9, X: 13, Y: 30}); err != nil ||
		string(got) != "z3/5/6" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestCacheIsBounded(t *testing.T) {
	made := 0
	body := make([]byte, cacheBytes/4)
	k := newCache(fetchFunc(func(context.Context, tiles.Chunk) ([]byte, error) {
		made++
		return body, nil
	}))
	for range 2 {
		for x := range uint32(3) {
			if _, err := k.Fetch(t.Context(), tiles.Chunk{Z: 4, X: x}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if made != 3 {
		t.Errorf("made %d chunks, want 3 to be made once", made)
	}
	for x := range uint32(16) {
		if _, err := k.Fetch(t.Context(), tiles.Chunk{Z: 4, X: x}); err != nil {
			t.Fatal(err)
		}
		if k.chunks.Size() > cacheBytes {
			t.Fatalf("holds %d bytes", k.chunks.Size())
		}
	}
}

func TestKindNames(t *testing.T) {
	seen := map[string]bool{}
	for k := OK; k <= RedirectLoop; k++ {
		if name := k.String(); name == "unknown" || seen[name] {
			t.Errorf("kind %d is called %q", k, name)
		}
		seen[k.String()] = true
	}
	if name := (RedirectLoop + 1).String(); name != "unknown" {
		t.Errorf("there is a name too many: %q", name)
	}
}

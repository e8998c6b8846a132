package httpd

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/patience"
)

func TestMain(m *testing.M) { patience.Main(m) }

// get asks the server under a name.
func get(t *testing.T, s *Server, path, host string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		strings.TrimSuffix(s.URL(), "/")+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func listen(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Listen(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestAddresses(t *testing.T) {
	taken := listen(t, Options{Addr: "127.0.0.1:0"})
	port := strings.TrimSuffix(strings.TrimPrefix(taken.URL(), "http://127.0.0.1:"), "/")
	tests := []struct {
		addr   string
		remote bool
		want   error // nil: listens
		text   string
	}{
		{":0", false, nil, ""},
		{"localhost:0", false, nil, ""},
		{"[::1]:0", false, nil, ""},
		{"0.0.0.0:0", false, ErrRemote, "0.0.0.0:0"},
		{"[::]:0", false, ErrRemote, "[::]:0"},
		{"192.0.2.1:8087", false, ErrRemote, "192.0.2.1:8087"},
		{"example.invalid:8087", false, ErrRemote, "example.invalid"},
		{"0.0.0.0:0", true, nil, ""},
		{"127.0.0.1:" + port, false, ErrTaken, port},
	}
	for _, tt := range tests {
		s, err := Listen(t.Context(), Options{Addr: tt.addr, AllowRemote: tt.remote})
		if err == nil {
			s.Close()
		}
		if tt.addr == "[::1]:0" && err != nil && !errors.Is(err, ErrRemote) {
			continue // this machine has no IPv6
		}
		if !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s (remote allowed: %v): %v, want %v", tt.addr, tt.remote, err, tt.want)
		}
	}
	if _, err := Listen(t.Context(), Options{Addr: "8087"}); err == nil ||
		!strings.Contains(err.Error(), "host:port") {
		t.Errorf("a port alone: %v, want what to write instead", err)
	}
}

func TestWhatIsServed(t *testing.T) {
	sick := errors.New("the mount is gone")
	var health error
	text := func(s string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, s)
		})
	}
	s := listen(t, Options{Addr: ":0", Metrics: text("metrics"), Status: text("page"),
		Health: func(ctx context.Context) error {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("the health may take for ever")
			}
			return health
		}})
	tests := []struct {
		path, host string
		code       int
		body       string
	}{
		{"/", "", 200, "page"},
		{"/metrics", "", 200, "metrics"},
		{"/healthz", "", 200, "ok\n"},
		{"/healthz", "localhost:8087", 200, "ok\n"},
		{"/metrics", "evil.example", 421, ""}, // a name that somebody has resolve to 127.0.0.1
		{"/debug/pprof/cmdline", "", 200, "page"},
	}
	for _, tt := range tests {
		code, body := get(t, s, tt.path, tt.host)
		if code != tt.code || tt.body != "" && body != tt.body {
			t.Errorf("%s as %q: %d %q, want %d %q", tt.path, tt.host, code, body, tt.code, tt.body)
		}
	}
	health = sick
	if code, body := get(t, s, "/healthz", ""); code != http.StatusServiceUnavailable ||
		!strings.Contains(body, sick.Error()) {
		t.Errorf("unwell: %d %q", code, body)
	}
}

func TestProfilesOnlyWhenAskedFor(t *testing.T) {
	for on, want := range map[bool]int{false: 404, true: 200} {
		s := listen(t, Options{Addr: ":0", Profiles: on})
		if code, _ := get(t, s, "/debug/pprof/heap", ""); code != want {
			t.Errorf("profiles %v: %d, want %d", on, code, want)
		}
		// The command line would show paths.
		if code, _ := get(t, s, "/debug/pprof/cmdline", ""); code != 404 {
			t.Errorf("profiles %v: the command line is served: %d", on, code)
		}
	}
}

package fetch_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// TestCookieGate: a provider that sends whoever has no cookie to a gate, and from there back, is
// let through once and not again.
func TestCookieGate(t *testing.T) {
	image := sampleBody(t, chunk)
	var mu sync.Mutex
	gates := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gate" {
			mu.Lock()
			gates++
			mu.Unlock()
			http.SetCookie(w, &http.Cookie{Name: "pass", Value: "yes"}) // its path is /, that of a chunk's folder below
			http.Redirect(w, r, r.URL.Query().Get("back"), http.StatusFound)
			return
		}
		if _, err := r.Cookie("pass"); err != nil {
			http.Redirect(w, r, "/gate?back="+r.URL.Path, http.StatusFound)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
		_, _ = w.Write(image)
	}))
	defer server.Close()
	client, _ := newClient(t, fetch.ClientOptions{})
	source := client.Source(provider(t, server.URL+"/{z}/{x}/{y}"))
	if _, err := source.Fetch(t.Context(), chunk); err != nil {
		t.Fatal(err)
	}
	var group errgroup.Group
	for i := range uint32(20) {
		group.Go(func() error {
			_, err := source.Fetch(t.Context(), tiles.Chunk{Z: 16, X: i, Y: 1})
			return err
		})
	}
	if err := group.Wait(); err != nil || gates != 1 {
		t.Errorf("through the gate %d times, %v", gates, err)
	}
	again, _ := newClient(t, fetch.ClientOptions{})
	if _, err := again.Source(provider(t, server.URL+"/{z}/{x}/{y}")).Fetch(t.Context(), chunk); err != nil || gates != 2 {
		t.Errorf("another run: through the gate %d times in all, %v", gates, err)
	}
}

// TestCookiesStayWithTheirHost: whatever domain a cookie names, no other host gets it, not even
// another port of the same, nor by a redirect.
func TestCookiesStayWithTheirHost(t *testing.T) {
	image := sampleBody(t, chunk)
	got := map[string][]string{}
	elsewhere := ""
	serveAs := func(name string) *httptest.Server {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got[name] = append(got[name], r.Header.Get("Cookie"))
			for i, domain := range []string{"", "; Domain=127.0.0.1", "; Domain=.0.0.1", "; Domain=localhost"} {
				w.Header().Add("Set-Cookie", fmt.Sprintf("%s%d=x%s", name, i, domain))
			}
			if name == "a" && strings.HasSuffix(r.URL.Path, "/9") {
				http.Redirect(w, r, elsewhere, http.StatusFound)
				return
			}
			_, _ = w.Write(image)
		}))
		t.Cleanup(server.Close)
		return server
	}
	first, other := serveAs("a"), serveAs("b")
	elsewhere = other.URL + "/x"
	client, _ := newClient(t, fetch.ClientOptions{})
	a, b := client.Source(provider(t, first.URL+"/{z}/{x}/{y}")), client.Source(provider(t, other.URL+"/{z}/{x}/{y}"))
	for _, ask := range []struct {
		source fetch.Source
		y      uint32
	}{{a, 1}, {b, 1}, {a, 9}, {b, 2}, {a, 2}} {
		if _, err := ask.source.Fetch(t.Context(), tiles.Chunk{Z: 16, X: 1, Y: ask.y}); err != nil {
			t.Fatal(err)
		}
	}
	// The first request of each has none; then all four come back, host-only, whatever they named.
	for name, want := range map[string][]string{
		"a": {"", "a0=x; a1=x; a2=x; a3=x", "a0=x; a1=x; a2=x; a3=x"},
		"b": {"", "b0=x; b1=x; b2=x; b3=x", "b0=x; b1=x; b2=x; b3=x"},
	} {
		if diff := cmp.Diff(want, got[name]); diff != "" {
			t.Errorf("cookies that %s got:\n%s", name, diff)
		}
	}
}

// TestCookiesAreBounded: a host that sets cookies without end does not make requests grow.
func TestCookiesAreBounded(t *testing.T) {
	image := sampleBody(t, chunk)
	n, longest := 0, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		longest = max(longest, len(r.Header.Get("Cookie")))
		for range 50 {
			n++
			w.Header().Add("Set-Cookie", fmt.Sprintf("c%d=x", n))
		}
		w.Header().Add("Set-Cookie", "long="+strings.Repeat("x", 5000))
		_, _ = w.Write(image)
	}))
	defer server.Close()
	client, _ := newClient(t, fetch.ClientOptions{})
	source := client.Source(provider(t, server.URL+"/{z}/{x}/{y}"))
	for i := range uint32(10) {
		if _, err := source.Fetch(t.Context(), tiles.Chunk{Z: 16, X: i}); err != nil {
			t.Fatal(err)
		}
	}
	if longest == 0 || longest > 64*8 {
		t.Errorf("a Cookie header of %d bytes", longest)
	}
}

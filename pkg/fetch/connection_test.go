package fetch_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// TestDeadConnection: the connection stays open and carries nothing any more. Over HTTP/2 a ping
// finds out before the deadline, over HTTP/1.1 the deadline does. Either way it is a time-out, and
// the next attempt goes over a new connection.
func TestDeadConnection(t *testing.T) {
	for name, test := range map[string]struct {
		tls     bool
		noticed time.Duration
	}{"HTTP/2": {true, 7500 * time.Millisecond}, "HTTP/1.1": {false, 15 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h heard
				server, client, _ := serve(t,
					fetchtest.Options{TLS: test.tls, Pipes: fetchtest.NewPipes()},
					fetch.ClientOptions{Retries: -1, Timeout: 20 * time.Second, Observer: &h})
				source := client.Source(server.Provider())
				if _, err := source.Fetch(t.Context(), chunk); err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // until the server reads: a pipe holds nothing
				server.Cut()
				cut := time.Now()
				// A probe finds that the host answers, and only then is the chunk asked for again.
				if _, err := source.Fetch(t.Context(), chunk); err != nil {
					t.Errorf("after it was noticed: %v", err)
				}
				if want := []fetch.Outcome{fetch.OutcomeOK, fetch.OutcomeTimeout, fetch.OutcomeOK,
					fetch.OutcomeOK}; !slices.Equal(h.attempts, want) {
					t.Errorf("attempts %v, want %v", h.attempts, want)
				}
				if took := time.Since(cut); took != test.noticed {
					t.Errorf("noticed after %v, want %v", took, test.noticed)
				}
				if n := server.Stats().Connections; n != 2 {
					t.Errorf("%d connections, want the dead one and another", n)
				}
			})
		})
	}
}

// TestProxyFromEnvironment runs itself in a process of its own, since net/http reads the
// environment once. Plain requests go to the proxy, TLS through a tunnel, and what NO_PROXY names
// past it.
func TestProxyFromEnvironment(t *testing.T) {
	if template := os.Getenv("FETCH_TEST_PROXIED"); template != "" {
		client := fetch.NewClient(fetch.ClientOptions{Retries: -1})
		defer client.Close()
		body, err := client.Source(provider(t, template)).Fetch(t.Context(), chunk)
		if err != nil || fetch.CheckTile(body, tiles.ChunkPixels) != nil {
			t.Errorf("through the proxy: %d bytes, %v", len(body), err)
		}
		return
	}
	plain, _, _ := serve(t, fetchtest.Options{}, fetch.ClientOptions{})
	secure, _, _ := serve(t, fetchtest.Options{TLS: true}, fetch.ClientOptions{})
	body := sampleBody(t, chunk)
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Method + " " + r.URL.String())
		if r.Method == http.MethodConnect { // wherever to, it is our server
			asked.Store(r.Method + " " + r.Host)
			tunnel(w, secure.URL()[len("https://"):])
			return
		}
		_, _ = w.Write(body)
	}))
	defer proxy.Close()
	pem := t.TempDir() + "/ca.pem"
	if err := os.WriteFile(pem, secure.CertPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(secure.URL()[len("https://"):])
	for _, test := range []struct{ name, template, noProxy, want string }{
		{"plain", "http://imagery.example/{z}/{x}/{y}.jpg", "", "GET http://imagery.example/16/33712/23952.jpg"},
		{"tls", "https://imagery.example:" + port + "/{z}/{x}/{y}.jpg", "", "CONNECT imagery.example:" + port},
		{"past it", plain.Template(), "127.0.0.1", "nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.name == "tls" && runtime.GOOS == "windows" {
				t.Skip("Windows takes no certificates from SSL_CERT_FILE")
			}
			asked.Store("nothing")
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProxyFromEnvironment$")
			cmd.Env = append(os.Environ(), "FETCH_TEST_PROXIED="+test.template, "SSL_CERT_FILE="+pem, "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL,
				"HTTPS_PROXY="+proxy.URL, "https_proxy="+proxy.URL, "NO_PROXY="+test.noProxy, "no_proxy="+test.noProxy)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if asked.Load() != test.want {
				t.Errorf("the proxy was asked for %v, want %s", asked.Load(), test.want)
			}
		})
	}
}

// tunnel joins the connection that w is on with address.
func tunnel(w http.ResponseWriter, address string) {
	there, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusOK)
	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		there.Close()
		return
	}
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(there, buffered)
		there.Close()
	})
	both.Go(func() {
		_, _ = io.Copy(here, there)
		here.Close()
	})
	both.Wait()
}

// TestFewDescriptors: with fewer connections than requests, requests wait for connections, and
// connections that one host leaves idle are closed for another.
func TestFewDescriptors(t *testing.T) {
	const most = 16
	a, client, _ := serve(t, fetchtest.Options{Image: fetchtest.Repeat(chunk, 4, fetch.Sample()), Latency: 2 * time.Millisecond}, fetch.ClientOptions{Concurrency: 64, Retries: -1})
	b := fetchtest.NewServer(fetchtest.Options{Image: fetchtest.Repeat(chunk, 4, fetch.Sample())})
	defer b.Close()
	client.SetMaxConnections(most)
	for _, server := range []*fetchtest.Server{a, b, a} {
		source := client.Source(server.Provider())
		var all sync.WaitGroup
		for i := range uint32(400) {
			all.Go(func() {
				if _, err := source.Fetch(t.Context(), tiles.Chunk{Z: 16, X: i, Y: 1}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	// On a busy machine stragglers are asked for again; how many, the client says. What it gives up
	// the server notices a moment later.
	again := int(client.Stats().Hedges)
	for server, requests := range map[*fetchtest.Server]int{a: 800, b: 400} {
		if s := server.Stats(); s.MaxInFlight > most+again || s.Requests < requests || s.Requests > requests+again {
			t.Errorf("%+v, want %d requests and up to %d again, at most %d of them at once", s, requests, again, most)
		}
	}
}

// TestDialerWaitsNoLongerThanItsContext.
func TestDialerWaitsNoLongerThanItsContext(t *testing.T) {
	server, client, _ := serve(t, fetchtest.Options{Fault: fetchtest.Always(fetchtest.Stall)}, fetch.ClientOptions{})
	client.SetMaxConnections(1)
	source := client.Source(server.Provider())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var all sync.WaitGroup
	for i := range uint32(3) {
		all.Go(func() {
			if _, err := source.Fetch(ctx, tiles.Chunk{Z: 16, X: i}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, want context.DeadlineExceeded", err)
			}
		})
	}
	all.Wait()
}

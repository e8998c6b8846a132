package fetch_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const secret = "pk.s3cret+/=&?"

// TestRedirectsCarryNothingOfOurs: another host must see neither headers nor the URL that we came
// from.
func TestRedirectsCarryNothingOfOurs(t *testing.T) {
	t.Setenv("XELPACK_TOKEN_127_0_0_1", secret)
	body := sampleBody(t, chunk)
	var elsewhere http.Header
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere = r.Header.Clone()
		_, _ = w.Write(body)
	}))
	defer other.Close()
	var again http.Header
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/same":
			again = r.Header.Clone()
			http.Redirect(w, r, other.URL+"/x", http.StatusFound)
		default:
			if r.Header.Get("X-Key") != secret || r.URL.Query().Get("token") != secret {
				t.Errorf("the provider itself got header %q, query %q", r.Header.Get("X-Key"), r.URL.RawQuery)
			}
			http.Redirect(w, r, "/same", http.StatusTemporaryRedirect)
		}
	}))
	defer first.Close()

	p := provider(t, first.URL+"/{z}/{x}/{y}?token={token}")
	p.Headers = map[string]string{"X-Key": secret, "Authorization": "Bearer " + secret, "Cookie": secret, "Referer": "https://maps.example/", "User-Agent": "Mozilla"}
	client, _ := newClient(t, fetch.ClientOptions{})
	if _, err := client.Source(p).Fetch(t.Context(), chunk); err != nil {
		t.Fatal(err)
	}
	if again.Get("X-Key") != secret {
		t.Error("the provider's own host lost our header on the way")
	}
	if agent := elsewhere.Get("User-Agent"); agent != "xelpack" {
		t.Errorf("another host saw the agent %q", agent)
	}
	for name, values := range elsewhere {
		if name != "User-Agent" && name != "Accept-Encoding" {
			t.Errorf("another host got %s: %s", name, values)
		}
	}
}

func TestRedirectsEnd(t *testing.T) {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		http.Redirect(w, r, fmt.Sprintf("/%d", requests), http.StatusFound)
	}))
	defer server.Close()
	client, w := newClient(t, fetch.ClientOptions{})
	_, err := client.Source(provider(t, server.URL+"/{z}/{x}/{y}")).Fetch(t.Context(), chunk)
	if err == nil || requests != 6 || len(w.took) != 0 {
		t.Errorf("%v after %d requests and %d waits, want an error after 6 and none", err, requests, len(w.took))
	}
}

// TestNoFallbackToPlain: a redirect from TLS to plain HTTP is not followed, and a server without
// TLS is not asked in plain.
func TestNoFallbackToPlain(t *testing.T) {
	plain, _, _ := serve(t, fetchtest.Options{}, fetch.ClientOptions{})
	secure, client, w := serve(t, fetchtest.Options{TLS: true, Fault: func(tiles.Chunk, int) fetchtest.Fault {
		return fetchtest.Fault{Kind: fetchtest.Redirect, Location: plain.Template()}
	}}, fetch.ClientOptions{})
	if _, err := client.Source(secure.Provider()).Fetch(t.Context(), chunk); err == nil || !strings.Contains(err.Error(), "https to http") {
		t.Errorf("%v, want a refusal to go from https to http", err)
	}
	wrong := "https://" + strings.TrimPrefix(plain.Template(), "http://")
	if _, err := client.Source(provider(t, wrong)).Fetch(t.Context(), chunk); err == nil || errors.Is(err, fetch.ErrNetwork) {
		t.Errorf("%v, want an error that is final", err)
	}
	if n := plain.Stats().Requests; n != 0 {
		t.Errorf("%d requests in plain", n)
	}
	if len(w.took) != 0 {
		t.Errorf("waited %d times to ask again", len(w.took))
	}
}

func TestUntrustedCertificate(t *testing.T) {
	server := fetchtest.NewServer(fetchtest.Options{TLS: true})
	defer server.Close()
	client, w := newClient(t, fetch.ClientOptions{}) // trusts the system only
	_, err := client.Source(server.Provider()).Fetch(t.Context(), chunk)
	if err == nil || !strings.Contains(err.Error(), "certificate") || !strings.Contains(err.Error(), "127.0.0.1") || len(w.took) != 0 {
		t.Errorf("%v after %d waits, want an error about the certificate that names the host, at once", err, len(w.took))
	}
}

// TestErrorsHideTokens lets everything fail that can, with a token in the URL, and looks for it in
// what is said.
func TestErrorsHideTokens(t *testing.T) {
	t.Setenv("XELPACK_TOKEN_127_0_0_1", secret)
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "ht!tp://%zz/?"+r.URL.RawQuery)
		w.WriteHeader(http.StatusFound)
	}))
	defer echo.Close()
	garbage := rawServer(t, "GARBAGE token="+url.QueryEscape(secret)+"\r\n\r\n")

	client, _ := newClient(t, fetch.ClientOptions{Retries: 1})
	for name, host := range map[string]string{
		"bad redirect": echo.URL, "nobody there": "http://127.0.0.1:1", "not HTTP": "http://" + garbage, "not TLS": "https://" + garbage,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Source(provider(t, host+"/{z}/{x}/{y}?access_token={token}&more=1")).Fetch(t.Context(), chunk)
			if err == nil {
				t.Fatal("no error")
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				for _, part := range []string{secret, url.QueryEscape(secret), "s3cret"} {
					if strings.Contains(e.Error(), part) {
						t.Errorf("%q shows %q", e, part)
					}
				}
			}
			if !strings.Contains(err.Error(), strings.SplitN(host, "://", 2)[1]) {
				t.Errorf("%q does not name the host", err)
			}
		})
	}
}

// rawServer answers every connection with answer.
func rawServer(t *testing.T, answer string) (addr string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		listener.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = conn.Write([]byte(answer))
			conn.Close()
		}
	}()
	return listener.Addr().String()
}

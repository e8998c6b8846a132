package fetch_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// What a provider did, of the errors that its source gives. Once everything was "does not answer".
func TestExplain(t *testing.T) {
	says := map[fetchtest.Kind]string{
		fetchtest.ServerError:  "answers status 500 Internal Server Error",
		fetchtest.TooMany:      "answers status 429 Too Many Requests",
		fetchtest.Forbidden:    "answers status 403 Forbidden",
		fetchtest.BadRequest:   "answers status 400 Bad Request",
		fetchtest.HTML:         "answers HTML: Sign in",
		fetchtest.Empty:        "answers what is not a usable image: it is empty",
		fetchtest.Truncated:    "answers what is not a usable image: JPEG cut off after ",
		fetchtest.ShortBody:    "breaks the connection: ",
		fetchtest.Reset:        "breaks the connection: ",
		fetchtest.RedirectLoop: "cannot be asked: redirect not followed: more than 5 times",
		fetchtest.Stall:        "does not answer: no complete answer in time",
	}
	for kind, want := range says {
		t.Run(kind.String(), func(t *testing.T) {
			timeout := patience.For(t)
			if kind == fetchtest.Stall {
				timeout = 50 * time.Millisecond
			}
			server, client, _ := serve(t, fetchtest.Options{Fault: fetchtest.Always(kind)},
				fetch.ClientOptions{Retries: 1, Timeout: timeout})
			_, err := client.Source(server.Provider()).Fetch(t.Context(), chunk)
			if got := fetch.Explain(err); !strings.HasPrefix(got, want) {
				t.Errorf("%v: the provider %q, want %q", err, got, want)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		_, client, _ := serve(t, fetchtest.Options{}, fetch.ClientOptions{Retries: -1})
		_, err := client.Source(provider(t, "http://127.0.0.1:1/{z}/{x}/{y}.jpg")).Fetch(
			t.Context(), chunk)
		want := "does not answer: dial tcp 127.0.0.1:1: connect: connection refused"
		if got := fetch.Explain(err); runtime.GOOS == "windows" { // which has words of its own
			if !strings.HasPrefix(got, "does not answer: dial tcp 127.0.0.1:1: connectex: ") {
				t.Errorf("the provider %q", got)
			}
		} else if got != want {
			t.Errorf("the provider %q, want %q", got, want)
		}
	})
	for want, err := range map[string]error{
		"does not answer: lookup": fmt.Errorf("%w: %w", fetch.ErrNetwork,
			&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host"}}),
		"breaks": fmt.Errorf("%w: %w", fetch.ErrNetwork,
			&net.OpError{Op: "read", Err: syscall.ECONNRESET}),
		"is not asked: ":        fmt.Errorf("chunk z1/0/0: %w", fetch.ErrOffline),
		"cannot be asked: x509": &fetch.Error{Err: errors.New("x509: unknown authority")},
	} {
		if got := fetch.Explain(err); !strings.HasPrefix(got, want) &&
			!strings.Contains(got, "no such host") {
			t.Errorf("%v: the provider %q, want %q", err, got, want)
		}
	}
}

// What a server says instead of an image is quoted, but neither a token that it repeats nor
// anything that a terminal would obey.
func TestAnswersInWords(t *testing.T) {
	for body, want := range map[string]string{
		"<!DOCTYPE html><html><head><title>\n Access  denied &amp; " +
			"logged</title></head><body>x</body></html>": "HTML: Access denied & logged",
		"<html><head><style>p{}</style></head><body><h1>Quota</h1> used up</body></html>":                                                                       "HTML: Quota used up",
		`<?xml version="1.0"?><ServiceException>no layer</ServiceException>`:                                                                                    "XML: no layer",
		`<ServiceExceptionReport version="1.1.1"><ServiceException code="LayerNotDefined"> Layer &lt;a&gt; unknown</ServiceException></ServiceExceptionReport>`: "XML: LayerNotDefined: Layer <a> unknown",
		`<?xml version='1.0'?><ows:ExceptionReport><ows:Exception exceptionCode="NoApplicableCode"/></ows:ExceptionReport>`:                                     "XML: NoApplicableCode",
		`{"error": "key hunter2 has expired"}`: `text: {"error": "key … has expired"}`,
		"red \x1b[31m alert":                   "text: red [31m alert",
		strings.Repeat("long ", 100): "text: " +
			strings.TrimSpace(strings.Repeat("long ", 16)) + "…",
	} {
		server := httptest.NewServer(
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, body)
			}))
		defer server.Close()
		client, _ := newClient(t,
			fetch.ClientOptions{Retries: -1, Token: func(string) string { return "hunter2" }})
		p := fetch.Provider{ID: "mine", Template: server.URL + "/{z}/{x}/{y}?{token}", MaxZL: 22}
		_, err := client.Source(p).Fetch(t.Context(), chunk)
		if !errors.Is(err, fetch.ErrBody) || fetch.Explain(err) != "answers "+want ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want %q", body, err, want)
		}
	}
}

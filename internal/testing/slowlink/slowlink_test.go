package slowlink

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// What comes through is what was sent, and not sooner than latency and bandwidth allow: a round
// trip to connect, one for the request, and the time of the bytes.
func TestLink(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(body)
	}))
	defer server.Close()
	o := Options{RoundTrip: 20 * time.Millisecond, Bandwidth: 20e6}
	l, err := Start(server.Listener.Addr().String(), o)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	start := time.Now()
	res, err := client.Get("http://" + l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(res.Body)
	took := time.Since(start)
	if err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes, want %d; %v", len(got), len(body), err)
	}
	least := 2*o.RoundTrip + time.Duration(float64(len(body))/o.Bandwidth*float64(time.Second)) - slack
	if took < least {
		t.Errorf("took %v, less than %v", took, least)
	}
	if l.Down() < int64(len(body)) || l.Connections() != 1 {
		t.Errorf("%d bytes, %d connections", l.Down(), l.Connections())
	}
	if err := l.Close(); err != nil { // with an idle connection open
		t.Error(err)
	}
}
